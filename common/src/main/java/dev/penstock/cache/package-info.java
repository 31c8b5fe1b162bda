/** The cache of providers' answers as all services know it: what is identical, and its topic. */
@NullMarked
package dev.penstock.cache;

import org.jspecify.annotations.NullMarked;
