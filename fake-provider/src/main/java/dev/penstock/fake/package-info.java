/**
 * A server that speaks the wire protocols of OpenAI and Anthropic, keeps limits as they do, and
 * misbehaves as a script says.
 */
@NullMarked
package dev.penstock.fake;

import org.jspecify.annotations.NullMarked;
