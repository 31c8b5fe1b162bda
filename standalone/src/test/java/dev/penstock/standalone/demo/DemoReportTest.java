package dev.penstock.standalone.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.cli.Tally;
import dev.penstock.cli.Terminal;
import dev.penstock.job.Attempt;
import dev.penstock.job.Failure;
import dev.penstock.job.JobId;
import dev.penstock.job.JobKind;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobOutput.ScoredLabel;
import dev.penstock.job.JobResult;
import dev.penstock.job.JobState;
import dev.penstock.job.JobView;
import dev.penstock.job.TenantId;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DemoReportTest {
  private static final Instant START = Instant.parse("2026-11-21T10:00:00Z");

  @ParameterizedTest
  @ValueSource(ints = {80, 100, 120, 200})
  void noLineIsWiderThanTheWindow(int columns) {
    List<String> lines = report(columns, run(DemoJob.plan(Passage.all(), 400), true));

    assertThat(lines)
        .allSatisfy(line -> assertThat(Layout.width(line)).isLessThanOrEqualTo(columns));
    assertThat(lines)
        .contains("Summaries  the sentences nearest to the whole, in the text's own words");
  }

  @Test
  void tellsWhereTheTimeWent() {
    List<String> lines = report(80, run(DemoJob.plan(Passage.all(), 400), true));

    assertThat(lines)
        .anySatisfy(line -> assertThat(line).contains("embed").contains("200 ms").contains("12 ms"))
        .contains("  submit: 400 jobs durable on Kafka after 500 ms (800/s)")
        .contains("  commit: 40 transactions of 5.0 ms on average, 10.0 outcomes in each")
        .contains("  all in all: 400 jobs in 10.0 s, 40.0 jobs/s");
  }

  @Test
  void tellsWhichLanguagesWereMistaken() {
    List<String> lines = report(80, run(DemoJob.plan(Passage.all(), 400), true));

    assertThat(lines).anySatisfy(line -> assertThat(line).startsWith("  German").endsWith("right"));
    // The fake takes every text in Spanish for one in Catalan.
    assertThat(lines)
        .anySatisfy(line -> assertThat(line).startsWith("  Spanish").contains("taken for cat "));
  }

  @Test
  void tellsWhatWentWrong() {
    Demo.Run run = run(DemoJob.plan(Passage.all(), 4), false);

    assertThat(run.isSuccess()).isFalse();
    assertThat(report(100, run))
        .contains("What went wrong")
        .anySatisfy(line -> assertThat(line).contains("dead-lettered: the model is gone"));
  }

  @Test
  void everyShippedPassageCanBeSubmitted() {
    List<Passage> passages = Passage.all();

    assertThat(passages).hasSizeGreaterThan(500).doesNotHaveDuplicates();
    assertThat(passages).extracting(Passage::language).contains("en", "de", "fr", "es", "ja", "zh");
    assertThat(passages).allSatisfy(passage -> assertThat(passage.text()).isNotBlank());
    List<DemoJob> jobs = DemoJob.plan(passages, Demo.MAX_JOBS);
    assertThat(jobs).hasSize(Demo.MAX_JOBS);
    assertThat(DemoJob.plan(passages, Demo.DEFAULT_JOBS))
        .extracting(DemoJob::kind)
        .contains(JobKind.SUMMARIZE, JobKind.CLASSIFY, JobKind.EMBED, JobKind.DETECT_LANGUAGE);
  }

  @Test
  void neighboursOfTheSameWorkAreComparedWithChance() {
    var vectors = new java.util.LinkedHashMap<Passage, float[]>();
    vectors.put(new Passage("a-1", "en", "a", "x"), new float[] {1, 0});
    vectors.put(new Passage("a-2", "en", "a", "x"), new float[] {0.8f, 0.6f});
    vectors.put(new Passage("b-1", "en", "b", "x"), new float[] {0, 1});
    var neighbours = new Neighbours(vectors);

    assertThat(neighbours.of(neighbours.passages().getFirst(), 1).getFirst().passage().id())
        .isEqualTo("a-2");
    assertThat(neighbours.fromSameWork()).isEqualTo(2.0 / 3);
    assertThat(neighbours.byChance()).isEqualTo(2.0 / 6);
  }

  @Test
  void commitsAreReadFromTheWorkersMetrics() {
    assertThat(
            CommitMetrics.parse(
                """
                # TYPE penstock_worker_commit_seconds summary
                penstock_worker_commit_seconds_count 4
                penstock_worker_commit_seconds_sum 0.5
                """))
        .contains(new DemoReport.Commits(4, Duration.ofMillis(500)));
    assertThat(CommitMetrics.parse("something else")).isEmpty();
  }

  private static List<String> report(int columns, Demo.Run run) {
    var terminal =
        new Terminal(
            InputStream.nullInputStream(), System.out, System.err, Set.of(), columns, false);
    return DemoReport.of(
        terminal, run, Optional.of(new DemoReport.Commits(40, Duration.ofMillis(200))));
  }

  private static Demo.Run run(List<DemoJob> jobs, boolean succeed) {
    var ended = new ArrayList<EndedJob>();
    for (DemoJob job : jobs) {
      ended.add(ended(job, succeed));
    }
    JobState state = succeed ? JobState.SUCCEEDED : JobState.DEAD_LETTERED;
    return new Demo.Run(
        new Tally(jobs.size(), Map.of(state, (long) jobs.size()), 0),
        List.of(),
        ended,
        Duration.ofMillis(500),
        Duration.ofSeconds(10));
  }

  private static EndedJob ended(DemoJob job, boolean succeed) {
    JobId id = JobId.random(START);
    String state = (succeed ? JobState.SUCCEEDED : JobState.DEAD_LETTERED).wireName();
    Failure failure = succeed ? null : new Failure.Retryable("the model is gone");
    var attempt =
        new Attempt(1, "local", "worker", START.plusMillis(200), Duration.ofMillis(12), failure);
    Instant finished = START.plusMillis(215);
    return new EndedJob(
        job,
        new JobView(
            id,
            job.kind().wireName(),
            "local",
            state,
            "0.21.3",
            0,
            List.of(attempt),
            null,
            5,
            false,
            0,
            START,
            null,
            null,
            finished,
            failure,
            Map.of(),
            null,
            TenantId.DEFAULT,
            null,
            null,
            null,
            null),
        new JobResult(id, 0, state, succeed ? output(job) : null, failure, finished));
  }

  private static JobOutput output(DemoJob job) {
    Passage passage = job.passage();
    return switch (job.kind()) {
      case SUMMARIZE -> new JobOutput.Summary(List.of(passage.text(), "Short."));
      case CLASSIFY ->
          new JobOutput.Classification(
              List.of(new ScoredLabel("religion", 0.75), new ScoredLabel("the history", 0.25)));
      case EMBED -> {
        double angle = passage.id().hashCode();
        yield new JobOutput.Embedding(
            new float[] {(float) Math.cos(angle), (float) Math.sin(angle)});
      }
      case DETECT_LANGUAGE ->
          new JobOutput.DetectedLanguages(
              List.of(
                  new ScoredLabel(
                      passage.language().equals("es")
                          ? "cat"
                          : java.util.Locale.of(passage.language()).getISO3Language(),
                      0.9)));
      case GENERATE, EXTRACT -> throw new AssertionError("the demo has no such jobs");
    };
  }
}
