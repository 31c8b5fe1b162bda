package dev.penstock.worker.core;

import dev.penstock.job.JobId;
import dev.penstock.job.JobRecord;
import dev.penstock.job.RetryNowRequest;
import dev.penstock.worker.judge.Settlement;
import java.util.LinkedHashMap;
import org.jspecify.annotations.Nullable;

/** What people asked of jobs: that they end, or that they are run now. Not thread-safe. */
final class Asked {
  /** The most requests of each kind that are remembered; the oldest give way. */
  static final int MAX_REQUESTS = 1_000_000;

  private final LinkedHashMap<JobId, Integer> cancels = new LinkedHashMap<>();
  private final LinkedHashMap<JobId, RetryNowRequest> hurries = new LinkedHashMap<>();

  /** Of several requests for one job, that for its latest generation stands. */
  void cancel(JobId jobId, int generation) {
    Integer known = cancels.get(jobId);
    if (known != null && generation < known) {
      return;
    }
    cancels.putLast(jobId, generation);
    if (cancels.size() > MAX_REQUESTS) {
      cancels.pollFirstEntry();
    }
  }

  void forgetCancel(JobId jobId) {
    cancels.remove(jobId);
  }

  /** Of several requests for one job, that for its latest wait stands. */
  void hurry(RetryNowRequest request) {
    RetryNowRequest known = hurries.get(request.jobId());
    if (known != null && isEarlierWait(request, known.generation(), known.attempts())) {
      return;
    }
    hurries.putLast(request.jobId(), request);
    if (hurries.size() > MAX_REQUESTS) {
      hurries.pollFirstEntry();
    }
  }

  void forgetHurry(JobId jobId) {
    hurries.remove(jobId);
  }

  boolean isCancelled(JobRecord record) {
    if (record.cancelled()) {
      return true;
    }
    Integer generation = cancels.isEmpty() ? null : cancels.get(record.job().id());
    return generation != null && generation == record.generation();
  }

  /** The request to run the job now that is for the wait of this record; null where none is. */
  @Nullable RetryNowRequest hurried(JobRecord record) {
    RetryNowRequest request = hurries.isEmpty() ? null : hurries.get(record.job().id());
    return request != null && request.isFor(record.generation(), record.attempts().size())
        ? request
        : null;
  }

  /** Whether the request to cancel the claim's job is no longer needed once it is settled so. */
  boolean isCancelOver(Claim claim, Settlement settlement) {
    Integer generation = cancels.isEmpty() ? null : cancels.get(claim.record().job().id());
    return settlement instanceof Settlement.Finish
        && generation != null
        && generation <= claim.record().generation();
  }

  /**
   * Whether the request to run the claim's job now is no longer needed once it is settled so. One
   * that was obeyed is over even if nobody could be called: it is for one start, not for a place
   * before all others.
   */
  boolean isHurryOver(Claim claim, Settlement settlement) {
    JobRecord record = claim.record();
    RetryNowRequest request = hurries.isEmpty() ? null : hurries.get(record.job().id());
    if (request == null) {
      return false;
    }
    int attempts = record.attempts().size();
    return switch (settlement) {
      case Settlement.Finish _ -> request.generation() <= record.generation();
      case Settlement.Retry _ -> isEarlierWait(request, record.generation(), attempts + 1);
      case Settlement.Hold _ ->
          isEarlierWait(request, record.generation(), attempts)
              || (claim.isHurried() && request.isFor(record.generation(), attempts));
    };
  }

  private static boolean isEarlierWait(RetryNowRequest request, int generation, int attempts) {
    return request.generation() < generation
        || (request.generation() == generation && request.attempts() < attempts);
  }
}
