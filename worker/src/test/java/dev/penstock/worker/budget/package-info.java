@NullMarked
package dev.penstock.worker.budget;

import org.jspecify.annotations.NullMarked;
