@NullMarked
package dev.penstock.replayer.audit;

import org.jspecify.annotations.NullMarked;
