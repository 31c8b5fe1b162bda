/** What calls cost. */
@NullMarked
package dev.penstock.worker.cost;

import org.jspecify.annotations.NullMarked;
