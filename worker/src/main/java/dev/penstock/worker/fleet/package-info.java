/** What this worker tells about itself, and what operators tell it. Read {@code FleetLink}. */
@NullMarked
package dev.penstock.worker.fleet;

import org.jspecify.annotations.NullMarked;
