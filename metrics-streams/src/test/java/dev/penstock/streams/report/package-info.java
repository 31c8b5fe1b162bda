@NullMarked
package dev.penstock.streams.report;

import org.jspecify.annotations.NullMarked;
