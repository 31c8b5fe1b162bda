/**
 * Providers behind HTTP: the client, keys, limits and failures that all of them share. A {@link
 * dev.penstock.http.Dialect} says what is particular to one protocol.
 */
@NullMarked
package dev.penstock.http;

import org.jspecify.annotations.NullMarked;
