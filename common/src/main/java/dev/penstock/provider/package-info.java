/** What a provider of AI is to Penstock: the port that plugins implement. */
@NullMarked
package dev.penstock.provider;

import org.jspecify.annotations.NullMarked;
