@NullMarked
package dev.penstock.api.cron;

import org.jspecify.annotations.NullMarked;
