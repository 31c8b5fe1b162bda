@NullMarked
package dev.penstock.streams.query;

import org.jspecify.annotations.NullMarked;
