/** Runs of real, separate processes: started, killed, and judged by the laws. */
@NullMarked
package dev.penstock.chaos.real;

import org.jspecify.annotations.NullMarked;
