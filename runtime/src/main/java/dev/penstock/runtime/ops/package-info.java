/** Health, readiness and metrics over HTTP. */
@NullMarked
package dev.penstock.runtime.ops;

import org.jspecify.annotations.NullMarked;
