@NullMarked
package dev.penstock.worker.trace;

import org.jspecify.annotations.NullMarked;
