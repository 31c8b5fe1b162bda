/** The demo: real jobs over real text, and their results as a person can judge them. */
@NullMarked
package dev.penstock.standalone.demo;

import org.jspecify.annotations.NullMarked;
