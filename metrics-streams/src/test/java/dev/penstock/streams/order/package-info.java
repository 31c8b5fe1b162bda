@NullMarked
package dev.penstock.streams.order;

import org.jspecify.annotations.NullMarked;
