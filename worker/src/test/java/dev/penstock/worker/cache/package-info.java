@NullMarked
package dev.penstock.worker.cache;

import org.jspecify.annotations.NullMarked;
