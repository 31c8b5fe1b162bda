@NullMarked
package dev.penstock.standalone.demo;

import org.jspecify.annotations.NullMarked;
