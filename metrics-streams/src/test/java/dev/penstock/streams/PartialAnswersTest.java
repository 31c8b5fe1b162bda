package dev.penstock.streams;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.Job;
import dev.penstock.job.PartialAnswer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@SuppressWarnings("NullAway.Init")
@Timeout(180)
final class PartialAnswersTest {
  @RegisterExtension static final Installations installations = new Installations();
  private Harness harness;

  @BeforeEach
  void prepare() {
    harness = installations.own();
  }

  @Test
  void anAnswerIsToldWhileItIsWrittenAndNothingOfItAfterTheOutcome() throws Exception {
    harness = installations.common();
    StreamsService service = installations.service();
    Job job = harness.accept();
    Job other = harness.accept();
    harness.send(Lives.started(job.id(), 0, 1, "w1", Instant.now()));
    harness.awaitState(service, job.id(), "running");
    harness.send(new PartialAnswer(job.id(), 0, 1, 0, "written before"));
    try (Stream<String> lines = harness.events(service, job.id()).body()) {
      Iterator<String> each = lines.iterator();
      assertThat(next(each)).isEqualTo("id: 0.0.0 event: accepted");
      assertThat(next(each)).isEqualTo("id: 0.1.1 event: started");
      assertThat(next(each)).isEqualTo(progress(1, 0, "written before"));
      harness.send(new PartialAnswer(other.id(), 0, 1, 0, "of another job"));
      harness.send(new PartialAnswer(job.id(), 0, 1, 120, "\n<b>\"after a gap\""));
      assertThat(next(each)).isEqualTo(progress(1, 120, "\\n<b>\\\"after a gap\\\""));
      harness.send(Lives.retried(job.id(), 0, 1, Instant.now()));
      assertThat(next(each)).isEqualTo("id: 0.1.2 event: retry-scheduled");
      harness.send(new PartialAnswer(job.id(), 0, 1, 130, "of an attempt that is over"));
      harness.send(new PartialAnswer(job.id(), 0, 2, 0, "again"));
      assertThat(next(each)).isEqualTo(progress(2, 0, "again"));
      harness.send(Lives.succeeded(job.id(), 0, 2, Instant.now()));
      assertThat(next(each)).isEqualTo("id: 0.21.3 event: finished");
      assertThat(each.hasNext()).as("the stream has ended").isFalse();
    }
    harness.send(new PartialAnswer(job.id(), 0, 2, 5, "too late"));
    try (Stream<String> lines = harness.events(service, job.id()).body()) {
      assertThat(lines.filter(line -> line.contains("progress"))).isEmpty();
    }
  }

  @Test
  void whoComesLaterSeesTheLastMomentsAndTheOthersNothingTwice() throws Exception {
    harness = installations.common();
    StreamsService service = installations.service();
    Job job = harness.accept();
    harness.awaitState(service, job.id(), "queued");
    try (Stream<String> first = harness.events(service, job.id()).body()) {
      Iterator<String> early = first.iterator();
      assertThat(next(early)).isEqualTo("id: 0.0.0 event: accepted");
      harness.send(new PartialAnswer(job.id(), 0, 1, 0, "one"));
      assertThat(next(early)).isEqualTo(progress(1, 0, "one"));
      try (Stream<String> second = harness.events(service, job.id()).body()) {
        Iterator<String> late = second.iterator();
        assertThat(next(late)).isEqualTo("id: 0.0.0 event: accepted");
        assertThat(next(late)).isEqualTo(progress(1, 0, "one"));
        harness.send(new PartialAnswer(job.id(), 0, 1, 3, "two"));
        assertThat(next(late)).isEqualTo(progress(1, 3, "two"));
        assertThat(next(early)).isEqualTo(progress(1, 3, "two"));
      }
    }
  }

  private static String progress(int attempt, long from, String text) {
    return "event: progress data: {\"attempt\":%d,\"from\":%d,\"text\":\"%s\"}"
        .formatted(attempt, from, text);
  }

  /** The lines of the next event; of events of the job's life without their data. */
  private static String next(Iterator<String> lines) {
    var event = new ArrayList<String>();
    while (lines.hasNext()) {
      String line = lines.next();
      boolean ofProgress = event.contains("event: progress");
      if (line.isEmpty() && !event.isEmpty()) {
        return String.join(" ", event);
      }
      boolean counts = line.startsWith("id") || line.startsWith("event") || ofProgress;
      if (counts && !line.startsWith(":")) {
        event.add(line);
      }
    }
    return "the end";
  }
}
