/** Dead letters and plans over HTTP, as the OpenAPI file says. */
@NullMarked
package dev.penstock.replayer.http;

import org.jspecify.annotations.NullMarked;
