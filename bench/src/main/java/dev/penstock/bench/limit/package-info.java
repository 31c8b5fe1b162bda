/** A provider that enforces limits, outside of the workers that are measured. */
@NullMarked
package dev.penstock.bench.limit;

import org.jspecify.annotations.NullMarked;
