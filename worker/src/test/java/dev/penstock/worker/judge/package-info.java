@NullMarked
package dev.penstock.worker.judge;

import org.jspecify.annotations.NullMarked;
