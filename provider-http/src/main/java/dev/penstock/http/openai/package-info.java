/** The API of OpenAI, and of the many that speak it. */
@NullMarked
package dev.penstock.http.openai;

import org.jspecify.annotations.NullMarked;
