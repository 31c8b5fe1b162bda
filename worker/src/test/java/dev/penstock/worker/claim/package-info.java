@NullMarked
package dev.penstock.worker.claim;

import org.jspecify.annotations.NullMarked;
