/** The dashboard: its files, and what keeps others from acting through it. */
@NullMarked
package dev.penstock.streams.web;

import org.jspecify.annotations.NullMarked;
