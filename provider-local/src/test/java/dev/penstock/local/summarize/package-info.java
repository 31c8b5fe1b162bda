@NullMarked
package dev.penstock.local.summarize;

import org.jspecify.annotations.NullMarked;
