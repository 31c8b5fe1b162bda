/** What tenants and routes may spend, all workers together. */
@NullMarked
package dev.penstock.worker.budget;

import org.jspecify.annotations.NullMarked;
