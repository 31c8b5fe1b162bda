/** Kafka as every service needs it: client settings, and the topics made and checked. */
@NullMarked
package dev.penstock.runtime.kafka;

import org.jspecify.annotations.NullMarked;
