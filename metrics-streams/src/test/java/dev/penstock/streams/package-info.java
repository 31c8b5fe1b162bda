@NullMarked
package dev.penstock.streams;

import org.jspecify.annotations.NullMarked;
