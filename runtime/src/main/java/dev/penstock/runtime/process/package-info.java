/**
 * How a service becomes a process: options in, signals handled, one clear line when it can't start.
 */
@NullMarked
package dev.penstock.runtime.process;

import org.jspecify.annotations.NullMarked;
