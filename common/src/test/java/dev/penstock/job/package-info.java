@NullMarked
package dev.penstock.job;

import org.jspecify.annotations.NullMarked;
