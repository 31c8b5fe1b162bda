@NullMarked
package dev.penstock.bench.process;

import org.jspecify.annotations.NullMarked;
