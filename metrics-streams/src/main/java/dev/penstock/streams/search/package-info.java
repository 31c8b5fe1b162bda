/** Finds jobs: an index of each partition beside its stores, and queries over all of them. */
@NullMarked
package dev.penstock.streams.search;

import org.jspecify.annotations.NullMarked;
