@NullMarked
package dev.penstock.replayer.change;

import org.jspecify.annotations.NullMarked;
