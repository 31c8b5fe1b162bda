@NullMarked
package dev.penstock.standalone;

import org.jspecify.annotations.NullMarked;
