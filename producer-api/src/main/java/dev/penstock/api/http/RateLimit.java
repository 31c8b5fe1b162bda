package dev.penstock.api.http;

import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemException;
import dev.penstock.submission.problem.ProblemType;
import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.util.Optional;

/** How many jobs a second this intake takes, if that is limited. Thread-safe. */
final class RateLimit {
  private static final Duration PERIOD = Duration.ofSeconds(1);
  private static final Duration POLL = Duration.ofMillis(10);
  private static final HeaderName LEFT = HeaderNames.create("RateLimit");

  private final Optional<RateLimiter> limiter;
  private final Header policy;

  RateLimit(int jobsPerSecond) {
    this.policy =
        HeaderValues.createCached("RateLimit-Policy", "\"jobs\";q=" + jobsPerSecond + ";w=1");
    this.limiter =
        jobsPerSecond == 0
            ? Optional.empty()
            : Optional.of(
                RateLimiter.of(
                    "jobs",
                    RateLimiterConfig.custom()
                        .limitForPeriod(jobsPerSecond)
                        .limitRefreshPeriod(PERIOD)
                        .timeoutDuration(Duration.ZERO)
                        .build()));
  }

  /**
   * Takes one job, and says in the headers what is left.
   *
   * @throws ProblemException when the limit is reached
   */
  void take(ServerResponse response) {
    if (limiter.isEmpty()) {
      return;
    }
    RateLimiter jobs = limiter.get();
    boolean allowed = jobs.acquirePermission();
    response.header(policy);
    response.header(
        HeaderValues.create(
            LEFT,
            "\"jobs\";r=" + Math.max(0, jobs.getMetrics().getAvailablePermissions()) + ";t=1"));
    if (!allowed) {
      throw new ProblemException(
          Problem.passing(
              ProblemType.RATE_LIMITED,
              "this intake takes "
                  + jobs.getRateLimiterConfig().getLimitForPeriod()
                  + " jobs a second; send this one later",
              PERIOD));
    }
  }

  /** Takes one job of a stream, whose sender is slowed down instead of refused. */
  void await() throws InterruptedException {
    if (limiter.isPresent()) {
      while (!limiter.get().acquirePermission()) {
        Thread.sleep(POLL);
      }
    }
  }
}
