package dev.penstock.job;

import java.time.Instant;

/** Someone wants a job to end; final only when the {@code cancelled} outcome is committed. */
public record CancelRequest(JobId jobId, int generation, Instant requestedAt) {}
