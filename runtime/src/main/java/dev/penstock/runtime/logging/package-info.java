/** How every service logs: JSON for machines, lines for people, and what they have in common. */
@NullMarked
package dev.penstock.runtime.logging;

import org.jspecify.annotations.NullMarked;
