/** The provider {@code local}: real models in the JVM, without a network. */
@NullMarked
package dev.penstock.local;

import org.jspecify.annotations.NullMarked;
