/**
 * Workers, providers and topics as operators see them. Read {@code FleetTail} first, then {@code
 * FleetRoutes}.
 */
@NullMarked
package dev.penstock.streams.fleet;

import org.jspecify.annotations.NullMarked;
