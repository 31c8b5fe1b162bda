/** Text to vectors: word pieces, the MiniLM model, windows over long texts. */
@NullMarked
package dev.penstock.local.embed;

import org.jspecify.annotations.NullMarked;
