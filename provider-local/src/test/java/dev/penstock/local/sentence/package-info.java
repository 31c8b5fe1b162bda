@NullMarked
package dev.penstock.local.sentence;

import org.jspecify.annotations.NullMarked;
