@NullMarked
package dev.penstock.streams.view;

import org.jspecify.annotations.NullMarked;
