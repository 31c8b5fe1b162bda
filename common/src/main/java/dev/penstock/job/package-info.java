/** The domain: what a job is, how it is tried, and how it ends. */
@NullMarked
package dev.penstock.job;

import org.jspecify.annotations.NullMarked;
