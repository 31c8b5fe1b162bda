/** What an attempt's result means for its job. */
@NullMarked
package dev.penstock.worker.judge;

import org.jspecify.annotations.NullMarked;
