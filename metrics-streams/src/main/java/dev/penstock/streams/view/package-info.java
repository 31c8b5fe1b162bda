/** What is known of a job, how far the inputs have been read, and who waits for news. */
@NullMarked
package dev.penstock.streams.view;

import org.jspecify.annotations.NullMarked;
