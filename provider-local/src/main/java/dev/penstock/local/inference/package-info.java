/** Where models are loaded and run: a few platform threads, so that nothing else starves. */
@NullMarked
package dev.penstock.local.inference;

import org.jspecify.annotations.NullMarked;
