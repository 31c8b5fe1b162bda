/**
 * The promises of the design as pure functions over what an observer recorded of a run. The same
 * functions judge runs of real processes and simulated ones.
 */
@NullMarked
package dev.penstock.chaos.law;

import org.jspecify.annotations.NullMarked;
