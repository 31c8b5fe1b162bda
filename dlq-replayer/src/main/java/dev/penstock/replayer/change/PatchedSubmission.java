package dev.penstock.replayer.change;

import dev.penstock.codec.Json;
import dev.penstock.job.Job;
import dev.penstock.replay.Refusal;
import dev.penstock.submission.JobRequest;
import dev.penstock.submission.Submission;
import dev.penstock.submission.SubmissionReader;
import dev.penstock.submission.problem.Problem;
import java.time.Instant;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/**
 * Changes the submission that would ask for the job, and takes what comes out as the intake would.
 * Whose job it is, and after which others it runs, can't be changed.
 */
public final class PatchedSubmission implements Change {
  private static final int MAX_TOLD = 3;

  private final SubmissionReader reader;
  private final JsonPatch patch;

  /**
   * @param reader the intake's
   * @param patch a JSON Patch (RFC 6902)
   * @throws IllegalArgumentException when {@code patch} is none; the message says why
   */
  public PatchedSubmission(SubmissionReader reader, String patch) {
    this.reader = reader;
    this.patch = JsonPatch.parse(patch);
  }

  /** The submission that would ask for {@code job} now; when it was first to run is left out. */
  static JsonNode submission(Job job) {
    return Json.MAPPER.readTree(JobRequest.of(job).canonicalJson());
  }

  @Override
  public Changed apply(Job job, Instant now) {
    JsonNode patched;
    try {
      patched = patch.apply(submission(job));
    } catch (JsonPatch.MismatchException e) {
      return new Changed.Refused(Refusal.INVALID_CHANGE, String.valueOf(e.getMessage()));
    }
    return switch (reader.readJob(patched)) {
      case Submission.Refused(Problem problem) ->
          new Changed.Refused(Refusal.INVALID_CHANGE, told(problem));
      case Submission.Valid(JobRequest request, _) -> judge(job, request, now);
    };
  }

  private static Changed judge(Job job, JobRequest request, Instant now) {
    if (!request.tenant().equals(job.tenant())) {
      return new Changed.Refused(Refusal.INVALID_CHANGE, "/tenant: can't be changed");
    }
    if (job.ordering() == null
        ? request.ordering() != null
        : !job.ordering().equals(request.ordering())) {
      return new Changed.Refused(
          Refusal.INVALID_CHANGE, "/orderingKey and /onDeadLetter: can't be changed");
    }
    Instant expireAt = request.expireAt();
    if (expireAt != null && !now.isBefore(expireAt)) {
      return new Changed.Refused(Refusal.EXPIRED, "it is wanted until " + expireAt);
    }
    return new Changed.Other(
        request.toJob(job.id(), now, job.model()).acceptedAt(job.acceptedAt()));
  }

  private static String told(Problem problem) {
    return problem.violations().isEmpty()
        ? problem.detail()
        : problem.violations().stream()
            .limit(MAX_TOLD)
            .map(violation -> violation.pointer() + ": " + violation.message())
            .collect(Collectors.joining("; "));
  }
}
