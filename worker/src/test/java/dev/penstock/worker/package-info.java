@NullMarked
package dev.penstock.worker;

import org.jspecify.annotations.NullMarked;
