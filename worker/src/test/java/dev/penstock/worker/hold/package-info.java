@NullMarked
package dev.penstock.worker.hold;

import org.jspecify.annotations.NullMarked;
