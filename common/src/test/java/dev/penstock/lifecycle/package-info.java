@NullMarked
package dev.penstock.lifecycle;

import org.jspecify.annotations.NullMarked;
