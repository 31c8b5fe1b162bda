package dev.penstock.worker.answer;

import dev.penstock.cache.Fingerprint;
import dev.penstock.job.CacheTag;
import dev.penstock.job.Job;
import dev.penstock.job.TenantId;
import java.time.Duration;
import java.util.List;

/**
 * What a job asks that may share an answer.
 *
 * @param fingerprint what it asks, of whom, for whom
 * @param tenant for whom
 * @param ttl how old an answer may be, and how long its own is kept
 * @param tags what its answer can be invalidated by
 * @param patience how long it waits for somebody else's call: what its own might take
 * @param job for labels in metrics
 */
public record CacheRequest(
    Fingerprint fingerprint,
    TenantId tenant,
    Duration ttl,
    List<CacheTag> tags,
    Duration patience,
    Job job) {}
