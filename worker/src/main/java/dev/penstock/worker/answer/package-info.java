/** What others have asked already, as the core sees it. */
@NullMarked
package dev.penstock.worker.answer;

import org.jspecify.annotations.NullMarked;
