/** The records of one job as they stand on the topics. */
@NullMarked
package dev.penstock.streams.records;

import org.jspecify.annotations.NullMarked;
