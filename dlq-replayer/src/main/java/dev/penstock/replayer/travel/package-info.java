/** Experiments: jobs that have ended, run again in another way beside the originals. */
@NullMarked
package dev.penstock.replayer.travel;

import org.jspecify.annotations.NullMarked;
