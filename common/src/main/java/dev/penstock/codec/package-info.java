/** Versioned JSON for everything that crosses a topic or a socket. */
@NullMarked
package dev.penstock.codec;

import org.jspecify.annotations.NullMarked;
