/**
 * Same key, same job: each partition of keys has one intake that decides, and writes claim and job
 * in one transaction.
 */
@NullMarked
package dev.penstock.api.idempotency;

import org.jspecify.annotations.NullMarked;
