@NullMarked
package dev.penstock.local.inference;

import org.jspecify.annotations.NullMarked;
