/** The order of jobs with the same key: who is at the head of its line, and who waits behind. */
@NullMarked
package dev.penstock.streams.order;

import org.jspecify.annotations.NullMarked;
