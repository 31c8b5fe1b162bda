/** The worker: takes jobs from topics, has providers do them, and commits what they came to. */
@NullMarked
package dev.penstock.worker;

import org.jspecify.annotations.NullMarked;
