/** Answers that are being written, for those who watch their jobs. */
@NullMarked
package dev.penstock.streams.partial;

import org.jspecify.annotations.NullMarked;
