/** The thin shell around the Kafka producer: a batch becomes one transaction. */
@NullMarked
package dev.penstock.worker.settle;

import org.jspecify.annotations.NullMarked;
