@NullMarked
package dev.penstock.api.schedule;

import org.jspecify.annotations.NullMarked;
