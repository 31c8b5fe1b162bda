/**
 * The hold topics, where jobs wait that are due later than a worker waits for in memory. Each topic
 * holds every record for one constant time, so it is first in, first out, and waiting costs no
 * memory.
 */
@NullMarked
package dev.penstock.worker.hold;

import org.jspecify.annotations.NullMarked;
