/** Who did what with dead letters, in a chain in which no link can be changed unseen. */
@NullMarked
package dev.penstock.replayer.audit;

import org.jspecify.annotations.NullMarked;
