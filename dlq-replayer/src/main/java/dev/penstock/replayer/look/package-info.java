/** Looking at dead letters: what there is, what became of it, and what it holds. */
@NullMarked
package dev.penstock.replayer.look;

import org.jspecify.annotations.NullMarked;
