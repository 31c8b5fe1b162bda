/** Turns the topics into views of jobs and answers for them: the service and its configuration. */
@NullMarked
package dev.penstock.streams;

import org.jspecify.annotations.NullMarked;
