/** The simulation in the gate. */
@NullMarked
package dev.penstock.chaos.simulated;

import org.jspecify.annotations.NullMarked;
