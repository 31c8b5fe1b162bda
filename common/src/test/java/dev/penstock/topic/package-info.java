@NullMarked
package dev.penstock.topic;

import org.jspecify.annotations.NullMarked;
