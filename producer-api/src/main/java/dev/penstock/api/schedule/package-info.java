/**
 * Jobs that come again and again: each partition of schedules has one intake that fires them, and
 * writes job and progress in one transaction.
 */
@NullMarked
package dev.penstock.api.schedule;

import org.jspecify.annotations.NullMarked;
