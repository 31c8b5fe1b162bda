@NullMarked
package dev.penstock.worker.core;

import org.jspecify.annotations.NullMarked;
