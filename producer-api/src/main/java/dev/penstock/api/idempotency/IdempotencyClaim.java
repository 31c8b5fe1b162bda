package dev.penstock.api.idempotency;

import dev.penstock.codec.JsonCodec;
import dev.penstock.job.JobId;
import java.time.Instant;

/**
 * What an idempotency key stands for, as it is written to the idempotency topic under the SHA-256
 * of the key, in one transaction with the job.
 *
 * @param jobId the job
 * @param fingerprint the SHA-256 of the submission's canonical form, in hexadecimal
 * @param claimedAt from when on the key is remembered
 */
record IdempotencyClaim(JobId jobId, String fingerprint, Instant claimedAt) {
  static final JsonCodec<IdempotencyClaim> CODEC = new JsonCodec<>(IdempotencyClaim.class);
}
