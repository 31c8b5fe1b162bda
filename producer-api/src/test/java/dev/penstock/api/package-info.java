@NullMarked
package dev.penstock.api;

import org.jspecify.annotations.NullMarked;
