/** Virtual threads around provider calls. */
@NullMarked
package dev.penstock.worker.run;

import org.jspecify.annotations.NullMarked;
