/** The thin shell around the Kafka consumer: records in, ownership and pauses out. */
@NullMarked
package dev.penstock.worker.claim;

import org.jspecify.annotations.NullMarked;
