@NullMarked
package dev.penstock.streams.search;

import org.jspecify.annotations.NullMarked;
