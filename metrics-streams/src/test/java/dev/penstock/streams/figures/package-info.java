@NullMarked
package dev.penstock.streams.figures;

import org.jspecify.annotations.NullMarked;
