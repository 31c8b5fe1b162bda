@NullMarked
package dev.penstock.runtime.telemetry;

import org.jspecify.annotations.NullMarked;
