@NullMarked
package dev.penstock.config;

import org.jspecify.annotations.NullMarked;
