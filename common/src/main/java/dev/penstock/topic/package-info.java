/** The topics: names, keys, partitions, retention and headers, declared in one place. */
@NullMarked
package dev.penstock.topic;

import org.jspecify.annotations.NullMarked;
