/** One start and stop contract for every service. */
@NullMarked
package dev.penstock.lifecycle;

import org.jspecify.annotations.NullMarked;
