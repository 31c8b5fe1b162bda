@NullMarked
package dev.penstock.replayer.plan;

import org.jspecify.annotations.NullMarked;
