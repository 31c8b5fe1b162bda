/** What a plan changes of the jobs that it replays, judged by the rules of the intake. */
@NullMarked
package dev.penstock.replayer.change;

import org.jspecify.annotations.NullMarked;
