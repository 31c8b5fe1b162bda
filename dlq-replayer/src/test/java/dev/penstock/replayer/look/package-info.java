@NullMarked
package dev.penstock.replayer.look;

import org.jspecify.annotations.NullMarked;
