@NullMarked
package dev.penstock.http;

import org.jspecify.annotations.NullMarked;
