/** When a cron expression fires in a time zone. */
@NullMarked
package dev.penstock.api.cron;

import org.jspecify.annotations.NullMarked;
