@NullMarked
package dev.penstock.worker.provider;

import org.jspecify.annotations.NullMarked;
