/**
 * Which process of a service owns which partition, how the others reach it, and the log of a
 * partition that only its owner can write.
 */
@NullMarked
package dev.penstock.runtime.ownership;

import org.jspecify.annotations.NullMarked;
