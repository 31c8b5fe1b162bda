@NullMarked
package dev.penstock.http.openai;

import org.jspecify.annotations.NullMarked;
