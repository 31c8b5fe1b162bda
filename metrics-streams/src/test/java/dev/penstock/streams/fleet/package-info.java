@NullMarked
package dev.penstock.streams.fleet;

import org.jspecify.annotations.NullMarked;
