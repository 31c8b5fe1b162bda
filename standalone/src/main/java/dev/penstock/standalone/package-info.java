/** All of Penstock in one JVM over a Kafka broker of its own, and the demo that shows it. */
@NullMarked
package dev.penstock.standalone;

import org.jspecify.annotations.NullMarked;
