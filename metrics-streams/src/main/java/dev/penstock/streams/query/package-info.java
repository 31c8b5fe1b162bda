/** The internal HTTP API: answers for a job, here or by the instance that has it. */
@NullMarked
package dev.penstock.streams.query;

import org.jspecify.annotations.NullMarked;
