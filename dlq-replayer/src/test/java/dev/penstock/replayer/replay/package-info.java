@NullMarked
package dev.penstock.replayer.replay;

import org.jspecify.annotations.NullMarked;
