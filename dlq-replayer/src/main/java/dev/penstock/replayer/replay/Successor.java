package dev.penstock.replayer.replay;

import dev.penstock.job.JobRecord;
import org.jspecify.annotations.Nullable;

/**
 * The next generation of a job, to be written once.
 *
 * @param record its live record from then on
 * @param value that record, encoded; not to be changed
 * @param traceparent the W3C trace context of its submission, or null
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Successor(JobRecord record, byte[] value, @Nullable String traceparent) {}
