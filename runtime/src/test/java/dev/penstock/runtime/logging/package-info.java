@NullMarked
package dev.penstock.runtime.logging;

import org.jspecify.annotations.NullMarked;
