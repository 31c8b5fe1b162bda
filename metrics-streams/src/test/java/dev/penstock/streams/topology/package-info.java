@NullMarked
package dev.penstock.streams.topology;

import org.jspecify.annotations.NullMarked;
