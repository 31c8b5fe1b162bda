/** Jobs and requests to cancel, put on their topics and acknowledged by all replicas. */
@NullMarked
package dev.penstock.api.publish;

import org.jspecify.annotations.NullMarked;
