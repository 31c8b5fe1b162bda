@NullMarked
package dev.penstock.worker.window;

import org.jspecify.annotations.NullMarked;
