/**
 * Traces: a port that costs nothing while they are off, and the one place where OpenTelemetry is
 * set up.
 */
@NullMarked
package dev.penstock.runtime.telemetry;

import org.jspecify.annotations.NullMarked;
