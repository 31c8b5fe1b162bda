package dev.penstock.standalone.demo;

import dev.penstock.cli.ApiClient;
import dev.penstock.cli.ApiException;
import dev.penstock.cli.JobStream;
import dev.penstock.cli.JobWatcher;
import dev.penstock.cli.LineAnswer;
import dev.penstock.cli.ProgressBar;
import dev.penstock.cli.Tally;
import dev.penstock.cli.Terminal;
import dev.penstock.codec.Json;
import dev.penstock.job.JobId;
import dev.penstock.job.JobResult;
import dev.penstock.job.JobView;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import tools.jackson.databind.JsonNode;

/**
 * Submits the jobs of the demo over HTTP, shows how they get on, and collects what they came to. It
 * uses nothing but the public API.
 */
public final class Demo {
  /** The most jobs of one demo. */
  public static final int MAX_JOBS = 20_000;

  /** As many jobs as a demo has unless something else is said. */
  public static final int DEFAULT_JOBS = 1_200;

  private static final Duration PLAIN_PERIOD = Duration.ofSeconds(2);
  private static final int RESULTS_AT_ONCE = 8;

  private final Terminal terminal;
  private final URI api;

  /**
   * @param api where the API is
   */
  public Demo(Terminal terminal, URI api) {
    this.terminal = terminal;
    this.api = api;
  }

  /**
   * What the demo came to.
   *
   * @param tally how the jobs ended
   * @param refused why lines were not accepted, if any were
   * @param ended the jobs that ended, in the order in which they were submitted
   * @param submitting how long it took until all jobs were durable
   * @param total from the first job's submission to the last one's end
   */
  public record Run(
      Tally tally,
      List<String> refused,
      List<EndedJob> ended,
      Duration submitting,
      Duration total) {
    public Run {
      refused = List.copyOf(refused);
      ended = List.copyOf(ended);
    }

    /** One of the jobs, to look at. */
    public Optional<JobId> anyJob() {
      return ended.stream().map(job -> job.view().id()).findFirst();
    }

    /** Whether every job was accepted and succeeded. */
    public boolean isSuccess() {
      return refused.isEmpty() && tally.allSucceeded();
    }
  }

  /**
   * Submits {@code count} jobs and waits for their end.
   *
   * @throws ApiException when the API fails
   */
  public Run run(int count) throws InterruptedException {
    List<DemoJob> jobs = DemoJob.plan(Passage.all(), count);
    long began = System.nanoTime();
    try (var client = new ApiClient(api);
        ExecutorService background = Executors.newVirtualThreadPerTaskExecutor();
        var bar = new ProgressBar(terminal, "jobs", Optional.of(PLAIN_PERIOD))) {
      var results = new Results(client, background);
      var watcher = new JobWatcher(client, results::fetch, _ -> {});
      Map<JobId, DemoJob> byId = new ConcurrentHashMap<>();
      Future<Submitted> submitting = background.submit(() -> submit(client, jobs, watcher, byId));
      Tally tally = watcher.run(now -> bar.update(now.done(), jobs.size(), now.describe(terminal)));
      Duration total = Duration.ofNanos(System.nanoTime() - began);
      Submitted submitted = get(submitting);
      return new Run(tally, submitted.refused(), results.inOrder(byId), submitted.took(), total);
    }
  }

  private record Submitted(Duration took, List<String> refused) {}

  private static Submitted submit(
      ApiClient client, List<DemoJob> jobs, JobWatcher watcher, Map<JobId, DemoJob> byId) {
    long began = System.nanoTime();
    var refused = new ArrayList<String>();
    try {
      new JobStream(
              client,
              answer -> {
                switch (answer) {
                  case LineAnswer.Accepted line -> {
                    byId.put(line.id(), jobs.get((int) line.line() - 1));
                    watcher.add(line.id());
                  }
                  case LineAnswer.Refused line ->
                      refused.add(
                          String.format(Locale.ROOT, "job %d: %s", line.line(), line.problem()));
                }
              },
              _ -> {})
          .submit(DemoJob.lines(jobs));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      watcher.complete();
    }
    return new Submitted(Duration.ofNanos(System.nanoTime() - began), refused);
  }

  /** Gets the results while other jobs still run. */
  private static final class Results {
    private final ApiClient client;
    private final ExecutorService background;
    private final Semaphore limit = new Semaphore(RESULTS_AT_ONCE);
    private final List<Future<Ended>> fetching = new ArrayList<>();

    private record Ended(JobView view, JobResult result) {}

    Results(ApiClient client, ExecutorService background) {
      this.client = client;
      this.background = background;
    }

    void fetch(JsonNode json) {
      JobView view = Json.MAPPER.treeToValue(json, JobView.class);
      fetching.add(
          background.submit(() -> {
            limit.acquire();
            try {
              return new Ended(
                  view, Json.MAPPER.treeToValue(client.result(view.id()), JobResult.class));
            } finally {
              limit.release();
            }
          }));
    }

    List<EndedJob> inOrder(Map<JobId, DemoJob> byId) throws InterruptedException {
      var ended = new ArrayList<EndedJob>();
      for (Future<Ended> future : fetching) {
        Ended one = get(future);
        DemoJob job = byId.get(one.view().id());
        if (job != null) {
          ended.add(new EndedJob(job, one.view(), one.result()));
        }
      }
      ended.sort(java.util.Comparator.comparing(job -> job.view().id()));
      return ended;
    }
  }

  private static <T> T get(Future<T> future) throws InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException(e);
    }
  }
}
