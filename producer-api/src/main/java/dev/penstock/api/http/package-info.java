/** The HTTP side: routes, bodies within bounds, answers, the relay of the views. */
@NullMarked
package dev.penstock.api.http;

import org.jspecify.annotations.NullMarked;
