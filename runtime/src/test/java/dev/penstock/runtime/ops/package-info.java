@NullMarked
package dev.penstock.runtime.ops;

import org.jspecify.annotations.NullMarked;
