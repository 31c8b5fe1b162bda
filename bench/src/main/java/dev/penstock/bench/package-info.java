/** Benchmarks: each compares Penstock with the plain thing below it, in one run on one machine. */
@NullMarked
package dev.penstock.bench;

import org.jspecify.annotations.NullMarked;
