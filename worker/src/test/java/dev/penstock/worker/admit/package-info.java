@NullMarked
package dev.penstock.worker.admit;

import org.jspecify.annotations.NullMarked;
