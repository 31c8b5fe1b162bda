@NullMarked
package dev.penstock.local.classify;

import org.jspecify.annotations.NullMarked;
