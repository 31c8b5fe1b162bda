@NullMarked
package dev.penstock.api.intake;

import org.jspecify.annotations.NullMarked;
