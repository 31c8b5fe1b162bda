@NullMarked
package dev.penstock.local.language;

import org.jspecify.annotations.NullMarked;
