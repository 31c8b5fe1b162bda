/** The dashboard in a real browser, and what serves it. */
@NullMarked
package dev.penstock.streams.web;

import org.jspecify.annotations.NullMarked;
