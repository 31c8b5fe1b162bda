/**
 * Which offsets of a partition are finished, and how that fits into the metadata of its committed
 * offset.
 */
@NullMarked
package dev.penstock.worker.window;

import org.jspecify.annotations.NullMarked;
