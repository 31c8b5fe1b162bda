@NullMarked
package dev.penstock.runtime.process;

import org.jspecify.annotations.NullMarked;
