@NullMarked
package dev.penstock.api.idempotency;

import org.jspecify.annotations.NullMarked;
