/** From bytes to a valid job: reading, checking against the contract, all violations at once. */
@NullMarked
package dev.penstock.api.intake;

import org.jspecify.annotations.NullMarked;
