/** The replayer: configuration, wiring, the process. */
@NullMarked
package dev.penstock.replayer;

import org.jspecify.annotations.NullMarked;
