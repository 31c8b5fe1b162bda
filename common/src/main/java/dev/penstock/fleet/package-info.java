/** What workers tell about themselves, and what operators tell them. */
@NullMarked
package dev.penstock.fleet;

import org.jspecify.annotations.NullMarked;
