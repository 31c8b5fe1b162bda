package dev.penstock.streams.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobRecord;
import dev.penstock.streams.view.Fact;
import dev.penstock.streams.view.Input;
import dev.penstock.streams.view.JobLife;
import dev.penstock.streams.view.Origin;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Random;
import org.apache.lucene.search.IndexSearcher;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@SuppressWarnings("NullAway.Init")
final class QueryTextTest {
  @TempDir static Path directory;
  private static PartitionIndex index;
  private static JobId id;

  @BeforeAll
  static void oneJob() throws IOException {
    index = PartitionIndex.open(directory, SearchText.ALL);
    Job job =
        SomeJobs.job(
            new Random(1),
            Instant.now(),
            new JobInput.Generate(
                "The penstock feeds the turbine; Größe 42, café-au-lait. 水が流れる", null, 10));
    id = job.id();
    JobRecord record = JobRecord.accepted(job);
    JobLife life =
        JobLife.UNKNOWN.accepted(
            new Fact.Accepted(record, job.acceptedAt(), new Origin(Input.JOBS, 0), null));
    index.put(id, JobDocument.of(id, life, Submitted.of(job, SearchText.ALL), "answered: Paris"));
    index.refresh();
  }

  @AfterAll
  static void close() throws IOException {
    index.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "penstock",
        "PENSTOCK",
        "turbine penstock",
        "\"feeds the turbine\"",
        "groesse~ \"the penstock\"",
        "grosse",
        "größe",
        "cafe",
        "café-au-lait",
        "pens*",
        "penstoc~",
        "pemstock~",
        "turbinne~",
        "42",
        "paris",
        "流れる",
        "  penstock\t\"feeds\" ",
        "\"feeds\"turbine",
        "turbine\"feeds\"",
        "team"
      })
  void finds(String q) throws IOException {
    assertThat(count(q)).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "penstocks",
        "penstock nothere",
        "\"feeds turbine\"",
        "\"turbine feeds\"",
        "\"lait answered\"",
        "xenstock~",
        "and",
        "penstock AND turbine",
        "nothere*"
      })
  void doesNotFind(String q) throws IOException {
    assertThat(count(q)).isZero();
  }

  @Test
  void anIdFindsItsJob() throws IOException {
    String text = id.toString();
    assertThat(count(text)).isEqualTo(1);
    assertThat(count(text.toUpperCase(java.util.Locale.ROOT))).isEqualTo(1);
    assertThat(count(text.substring(0, 8) + "*")).isEqualTo(1);
    assertThat(count(text.substring(0, 20) + "*")).isEqualTo(1);
    assertThat(count(JobId.random(Instant.EPOCH).toString())).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "*stock | beginning",
        "* | beginning",
        "pen*stock | inside",
        "p* | at least 2",
        "ab~ | at least 3",
        "\"open | does not end",
        "... | without a letter",
        "\"\" | without a letter",
        "~ | without a letter"
      })
  void refuses(String q, String why) {
    assertThatThrownBy(() -> QueryText.parse(q))
        .isInstanceOfSatisfying(
            InvalidParameterException.class,
            e -> {
              assertThat(e).hasMessageContaining(why);
              assertThat(e.problem().errors())
                  .singleElement()
                  .satisfies(error -> assertThat(error.pointer()).isEqualTo("/q"));
            });
  }

  @Test
  void whatIsTooLongIsRefused() {
    assertThatThrownBy(() -> QueryText.parse("a".repeat(QueryText.MAX_CHARS + 1)))
        .hasMessageContaining("at most 500");
    assertThatThrownBy(() -> QueryText.parse("ab ".repeat(QueryText.MAX_CLAUSES + 1)))
        .hasMessageContaining("at most 32 words");
    assertThatThrownBy(
            () -> QueryText.parse("\"" + "ab ".repeat(QueryText.MAX_PHRASE_WORDS + 1) + "\""))
        .hasMessageContaining("more than 32 words");
  }

  @Test
  void whateverIsAskedIsAnsweredOrRefused() throws IOException {
    long seed = System.nanoTime();
    var random = new Random(seed);
    String alphabet = "ab1 \"*~-()[]{}\\/:+&|!^?.é水\u0000\uD83D\uDE00\uD800\t";
    int answered = 0;
    for (int i = 0; i < 3_000; i++) {
      var text = new StringBuilder();
      for (int length = random.nextInt(30); length > 0; length--) {
        text.append(
            random.nextInt(4) == 0
                ? SomeJobs.word(random)
                : String.valueOf(alphabet.charAt(random.nextInt(alphabet.length()))));
      }
      try {
        count(text.toString());
        answered++;
      } catch (InvalidParameterException _) {
        // As it should be; anything else fails the test.
      } catch (RuntimeException e) {
        throw new AssertionError("seed " + seed + ": " + text, e);
      }
    }
    assertThat(answered).as("seed " + seed).isPositive();
  }

  private static int count(String q) throws IOException {
    try (var reader = index.reader()) {
      return new IndexSearcher(reader).count(QueryText.parse(q));
    }
  }
}
