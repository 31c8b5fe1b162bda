@NullMarked
package dev.penstock.submission;

import org.jspecify.annotations.NullMarked;
