package dev.penstock.submission;

import dev.penstock.cache.CacheRecord;
import dev.penstock.cache.Fingerprint;
import dev.penstock.codec.Json;
import dev.penstock.job.CacheRule;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobKind;
import dev.penstock.job.JobOutput;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemException;
import dev.penstock.submission.problem.ProblemType;
import dev.penstock.submission.problem.Violation;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.JsonNode;

/**
 * Reads answers that are given to the cache from elsewhere, or tells all that is wrong with them.
 * Thread-safe.
 */
public final class CacheEntryReader {
  private final Contract contract;
  private final SubmissionReader jobs;
  private final String defaultModel;

  /**
   * @param defaultModel of requests that name none
   */
  public CacheEntryReader(Contract contract, SubmissionReader jobs, String defaultModel) {
    this.contract = contract;
    this.jobs = jobs;
    this.defaultModel = defaultModel;
  }

  /**
   * The entries in a request's body, in its order.
   *
   * @throws ProblemException with everything that is wrong with any of them
   */
  public List<CacheRecord.Answer> admit(byte[] body) {
    JsonNode tree = SubmissionReader.tree(body);
    var violations = new ArrayList<>(contract.checkCacheEntries(tree));
    var answers = new ArrayList<CacheRecord.Answer>();
    JsonNode entries = tree.path("entries");
    // What is no array has a size, too; the schema has said so.
    for (int i = 0;
        entries.isArray() && i < entries.size() && violations.size() < Problem.MAX_VIOLATIONS;
        i++) {
      read(entries.get(i), "/entries/" + i, violations).ifPresent(answers::add);
    }
    if (!violations.isEmpty()) {
      throw new ProblemException(Problem.invalid(ProblemType.INVALID_CACHE_ENTRY, violations));
    }
    return answers;
  }

  private Optional<CacheRecord.Answer> read(JsonNode entry, String at, List<Violation> violations) {
    if (!entry.path("request").isObject() || !entry.path("output").isObject()) {
      // The schemas have said so.
      return Optional.empty();
    }
    return switch (jobs.readJob(entry.path("request"))) {
      case Submission.Refused(Problem problem) -> {
        for (Violation violation : problem.violations()) {
          violations.add(new Violation(at + "/request" + violation.pointer(), violation.message()));
        }
        if (problem.violations().isEmpty()) {
          violations.add(new Violation(at + "/request", problem.detail()));
        }
        yield Optional.empty();
      }
      case Submission.Valid(JobRequest request, _) ->
          Optional.ofNullable(answer(request, entry.path("output"), at, violations));
    };
  }

  private CacheRecord.@Nullable Answer answer(
      JobRequest request, JsonNode outputTree, String at, List<Violation> violations) {
    CacheRule rule = request.cache();
    if (rule == null || rule.ttl() == null) {
      violations.add(
          new Violation(at + "/request/cache/ttl", "is required: it says how long it is kept"));
    }
    JobOutput output = output(outputTree, at, violations);
    JobKind kind = request.input().kind();
    if (output != null && kind(output) != kind) {
      violations.add(
          new Violation(at + "/output/kind", "must be that of the request, " + kind.wireName()));
      return null;
    }
    if (output != null && !fits(output, request.input())) {
      violations.add(
          new Violation(
              at + "/output/labels", "must be labels of the request, with scores from 0 to 1"));
      return null;
    }
    if (rule == null || rule.ttl() == null || output == null) {
      return null;
    }
    Job job = request.toJob(JobId.random(Instant.EPOCH), Instant.EPOCH, defaultModel);
    return new CacheRecord.Answer(
        Fingerprint.of(job),
        null,
        job.tenant(),
        rule.tags(),
        rule.ttl(),
        job.providerName(),
        null,
        output);
  }

  private static @Nullable JobOutput output(JsonNode tree, String at, List<Violation> violations) {
    try {
      return Json.MAPPER.treeToValue(tree, JobOutput.class);
    } catch (DatabindException e) {
      violations.add(new Violation(at + "/output", "is no output: " + e.getOriginalMessage()));
    } catch (JacksonException _) {
      violations.add(new Violation(at + "/output", "is no output of any kind"));
    }
    return null;
  }

  /** Whether it could be an answer to that input, as far as that can be seen. */
  private static boolean fits(JobOutput output, JobInput input) {
    return !(output instanceof JobOutput.Classification(List<JobOutput.ScoredLabel> labels))
        || !(input instanceof JobInput.Classify asked)
        || labels.stream()
            .allMatch(each ->
                asked.labels().contains(each.label()) && each.score() >= 0 && each.score() <= 1);
  }

  private static JobKind kind(JobOutput output) {
    return switch (output) {
      case JobOutput.Summary _ -> JobKind.SUMMARIZE;
      case JobOutput.Classification _ -> JobKind.CLASSIFY;
      case JobOutput.Embedding _ -> JobKind.EMBED;
      case JobOutput.DetectedLanguages _ -> JobKind.DETECT_LANGUAGE;
      case JobOutput.Text _ -> JobKind.GENERATE;
      case JobOutput.Extracted _ -> JobKind.EXTRACT;
    };
  }
}
