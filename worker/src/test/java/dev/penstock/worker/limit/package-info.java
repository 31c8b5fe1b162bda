@NullMarked
package dev.penstock.worker.limit;

import org.jspecify.annotations.NullMarked;
