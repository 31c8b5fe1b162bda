/** What is to become of which dead letters, and how fast: plans, and what each partition owes. */
@NullMarked
package dev.penstock.replayer.plan;

import org.jspecify.annotations.NullMarked;
