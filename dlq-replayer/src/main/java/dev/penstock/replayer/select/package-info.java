/** Which dead letters a plan is about: sets of offsets. */
@NullMarked
package dev.penstock.replayer.select;

import org.jspecify.annotations.NullMarked;
