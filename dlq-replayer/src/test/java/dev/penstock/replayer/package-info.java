@NullMarked
package dev.penstock.replayer;

import org.jspecify.annotations.NullMarked;
