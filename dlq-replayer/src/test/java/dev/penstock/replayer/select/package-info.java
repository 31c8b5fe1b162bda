@NullMarked
package dev.penstock.replayer.select;

import org.jspecify.annotations.NullMarked;
