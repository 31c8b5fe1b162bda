/** The intake as a service: its configuration, its wiring, its process. */
@NullMarked
package dev.penstock.api;

import org.jspecify.annotations.NullMarked;
