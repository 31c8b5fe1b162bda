/** Figures of all jobs together: windows, backlog and groups of failures of each partition. */
@NullMarked
package dev.penstock.streams.figures;

import org.jspecify.annotations.NullMarked;
