package dev.penstock.streams;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@SuppressWarnings("NullAway.Init")
@Timeout(240)
final class SeveralInstancesTest {
  @RegisterExtension static final Installations installations = new Installations();
  private static @Nullable Pair pair;
  private Harness harness;

  /** Two instances of the common installation that no test stops. */
  private record Pair(StreamsService a, StreamsService b) {}

  private static Pair pair() {
    if (pair == null) {
      Harness common = installations.common();
      pair = new Pair(common.starting("a", Map.of()), common.starting("b", Map.of()));
    }
    installations.common().awaitShared(pair.a, pair.b);
    return pair;
  }

  @BeforeEach
  void prepare() {
    harness = installations.own();
  }

  @Test
  void everyInstanceAnswersForAllJobs() throws Exception {
    harness = installations.common();
    Pair pair = pair();
    StreamsService a = pair.a;
    StreamsService b = pair.b;
    var jobs = new ArrayList<JobId>();
    for (int i = 0; i < 40; i++) {
      Job job = harness.accept();
      jobs.add(job.id());
      assertThat(harness.view(i % 2 == 0 ? a : b, job.id()).state()).isEqualTo("queued");
    }
    for (JobId job : jobs) {
      harness.send(Lives.succeeded(job, 0, 1, Instant.now()));
    }
    for (JobId job : jobs) {
      // What was forwarded once is not forwarded again.
      assertThat(
              List.of(
                  harness.job(a, job, "Penstock-Forwarded", "1").statusCode(),
                  harness.job(b, job, "Penstock-Forwarded", "1").statusCode()))
          .containsExactlyInAnyOrder(200, 503);
      harness.awaitState(a, job, "succeeded");
      for (StreamsService service : List.of(a, b)) {
        HttpResponse<String> view = harness.job(service, job);
        assertThat(view.headers().firstValue("etag")).contains("\"0.21.3\"");
        assertThat(harness.job(service, job, "If-None-Match", "\"0.21.3\"").statusCode())
            .isEqualTo(304);
        assertThat(harness.get(service, "/internal/v1/jobs/" + job + "/result").body())
            .contains("\"deu\"");
        assertThat(harness.job(service, JobId.random(Instant.now())).statusCode()).isEqualTo(404);
      }
    }
  }

  @Test
  void anyInstanceServesTheEventsOfAnyJob() throws Exception {
    harness = installations.common();
    Pair pair = pair();
    StreamsService a = pair.a;
    StreamsService b = pair.b;
    for (int i = 0; i < 8; i++) {
      Job job = harness.accept();
      var streams = new ArrayList<Iterator<String>>();
      for (StreamsService service : List.of(a, b)) {
        Iterator<String> lines = harness.events(service, job.id()).body().iterator();
        assertThat(EventStreamTest.next(lines)).isEqualTo("0.0.0 accepted");
        streams.add(lines);
      }
      harness.send(Lives.succeeded(job.id(), 0, 1, Instant.now()));
      for (Iterator<String> lines : streams) {
        assertThat(EventStreamTest.next(lines)).isEqualTo("0.21.3 finished");
        assertThat(lines.hasNext()).isFalse();
      }
    }
  }

  @Test
  void whenOneStopsTheOtherTakesOverAndNoJobIsEverUnknown() throws Exception {
    StreamsService a = harness.starting("a", Map.of("streams.view-wait", "500ms"));
    StreamsService b = harness.starting("b", Map.of("streams.view-wait", "500ms"));
    harness.awaitShared(a, b);
    var jobs = new ArrayList<JobId>();
    for (int i = 0; i < 40; i++) {
      Job job = harness.accept();
      jobs.add(job.id());
      harness.send(Lives.started(job.id(), 0, 1, "w", Instant.now()));
      harness.awaitState(a, job.id(), "running");
    }
    Thread stopping = Thread.startVirtualThread(a::close);
    var unanswered = new ArrayList<>(jobs);
    Awaitility.await()
        .atMost(Harness.PATIENCE)
        .untilAsserted(() -> {
          for (JobId job : List.copyOf(unanswered)) {
            HttpResponse<String> response = harness.job(b, job);
            assertThat(response.statusCode()).as(response.body()).isIn(200, 503);
            if (response.statusCode() == 200) {
              assertThat(response.body()).contains("\"state\":\"running\"");
              unanswered.remove(job);
            }
          }
          assertThat(stopping.isAlive()).isFalse();
          assertThat(unanswered).isEmpty();
        });
    // What a answered before it stopped may be of a partition that b does not have yet.
    harness.awaitState(b, harness.accept().id(), "queued");
  }
}
