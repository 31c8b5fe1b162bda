/** From bytes to a valid job: reading, checking against the contract, all violations at once. */
@NullMarked
package dev.penstock.submission;

import org.jspecify.annotations.NullMarked;
