/**
 * Time and threads of a simulation: strands are threads of which exactly one runs at any moment,
 * and whose order comes from a seed.
 */
@NullMarked
package dev.penstock.chaos.simulated.strand;

import org.jspecify.annotations.NullMarked;
