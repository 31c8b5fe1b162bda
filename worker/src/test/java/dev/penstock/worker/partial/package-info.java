/** Answers are told while they are written, to those who asked for it. */
@NullMarked
package dev.penstock.worker.partial;

import org.jspecify.annotations.NullMarked;
