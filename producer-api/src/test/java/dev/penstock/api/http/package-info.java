@NullMarked
package dev.penstock.api.http;

import org.jspecify.annotations.NullMarked;
