/** The API of Anthropic. */
@NullMarked
package dev.penstock.http.anthropic;

import org.jspecify.annotations.NullMarked;
