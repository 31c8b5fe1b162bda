@NullMarked
package dev.penstock.worker.run;

import org.jspecify.annotations.NullMarked;
