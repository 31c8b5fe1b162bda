/** A real Kafka broker inside this JVM, for standalone use and for tests. */
@NullMarked
package dev.penstock.broker;

import org.jspecify.annotations.NullMarked;
