@NullMarked
package dev.penstock.local.embed;

import org.jspecify.annotations.NullMarked;
