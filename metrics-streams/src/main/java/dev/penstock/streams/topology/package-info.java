/** Kafka Streams: which topics are read, how a record reaches the view, and what is kept where. */
@NullMarked
package dev.penstock.streams.topology;

import org.jspecify.annotations.NullMarked;
