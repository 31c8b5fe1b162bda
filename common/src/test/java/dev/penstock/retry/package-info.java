@NullMarked
package dev.penstock.retry;

import org.jspecify.annotations.NullMarked;
