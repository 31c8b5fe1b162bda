package dev.penstock.api.http;

import dev.penstock.api.schedule.FormerJob;
import dev.penstock.api.schedule.FormerJobs;
import dev.penstock.codec.Json;
import dev.penstock.job.JobId;
import dev.penstock.job.JobState;
import dev.penstock.job.Ordering;
import dev.penstock.submission.problem.ProblemException;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Asks the views about former jobs. Thread-safe. */
public final class FormerJobViews implements FormerJobs {
  private static final Logger log = LoggerFactory.getLogger(FormerJobViews.class);
  private static final int MAX_AT_ONCE = 16;

  private final ServiceClient views;
  private final Semaphore atOnce = new Semaphore(MAX_AT_ONCE);

  public FormerJobViews(ServiceClient views) {
    this.views = views;
  }

  @Override
  public FormerJob ask(JobId id) {
    atOnce.acquireUninterruptibly();
    try {
      return read(views.get(JobViews.path(id), Map.of()));
    } catch (ProblemException | JacksonException e) {
      log.debug("the views do not tell about job {}", id, e);
      return new FormerJob.Unknown();
    } finally {
      atOnce.release();
    }
  }

  private static FormerJob read(HttpResponse<byte[]> answer) {
    if (answer.statusCode() == 404) {
      // The views looked to the end of the jobs: what they do not show any more has ended.
      return new FormerJob.Ended();
    }
    if (answer.statusCode() != 200) {
      return new FormerJob.Unknown();
    }
    JsonNode job = Json.MAPPER.readTree(answer.body());
    Optional<JobState> state =
        Arrays.stream(JobState.values())
            .filter(each -> each.wireName().equals(job.path("state").asString("")))
            .findFirst();
    return state.isEmpty()
        ? new FormerJob.Unknown()
        : state.get().isTerminal()
            ? new FormerJob.Ended()
            : new FormerJob.Unended(
                job.path("generation").asInt(0), orderingKey(job.path("orderingKey").asString("")));
  }

  private static @Nullable String orderingKey(String text) {
    return Ordering.isKey(text) ? text : null;
  }
}
