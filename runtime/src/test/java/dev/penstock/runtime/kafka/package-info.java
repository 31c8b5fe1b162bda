@NullMarked
package dev.penstock.runtime.kafka;

import org.jspecify.annotations.NullMarked;
