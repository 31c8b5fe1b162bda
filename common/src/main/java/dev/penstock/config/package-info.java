/** Configuration: read from file and environment, validated as a whole. */
@NullMarked
package dev.penstock.config;

import org.jspecify.annotations.NullMarked;
