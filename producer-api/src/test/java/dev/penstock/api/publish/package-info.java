@NullMarked
package dev.penstock.api.publish;

import org.jspecify.annotations.NullMarked;
