@NullMarked
package dev.penstock.worker.settle;

import org.jspecify.annotations.NullMarked;
