package dev.penstock.worker.partial;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.JobId;
import dev.penstock.job.PartialAnswer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class ThrottleTest {
  private static final JobId JOB = JobId.random(Instant.parse("2026-11-21T08:00:00Z"));
  private static final long MILLI = 1_000_000;

  private final Counts counts = new Counts();
  private final Throttle throttle = new Throttle(counts);
  private long now = 5_000_000 * MILLI;

  private static final class Counts implements PartialMetrics {
    long leftOut;

    @Override
    public void told() {}

    @Override
    public void notTold() {}

    @Override
    public void leftOut(long chars) {
      leftOut += chars;
    }
  }

  private PartialAnswer piece(long from, String text) {
    return new PartialAnswer(JOB, 0, 1, from, text);
  }

  private List<PartialAnswer> dueAfter(long millis) {
    now += millis * MILLI;
    return throttle.due(now);
  }

  @Test
  void theFirstTextIsToldAtOnceAndWhatComesSoonAfterTogether() {
    Throttle.Answer answer = throttle.begin(JOB, 0, 1);
    assertThat(throttle.nextAt(now)).isEqualTo(Throttle.NEVER);
    assertThat(answer.came("Water ", 6, now)).as("is told next").isTrue();
    assertThat(dueAfter(0)).containsExactly(piece(0, "Water "));

    answer.came("turns ", 12, now + 10 * MILLI);
    answer.came("the ", 16, now + 20 * MILLI);
    assertThat(throttle.nextAt(now + 20 * MILLI)).isEqualTo(now + 250 * MILLI);
    assertThat(dueAfter(249)).isEmpty();
    assertThat(dueAfter(1)).containsExactly(piece(6, "turns the "));
    assertThat(throttle.nextAt(now)).isEqualTo(Throttle.NEVER);

    answer.came("wheel", 21, now + 900 * MILLI);
    assertThat(dueAfter(900)).containsExactly(piece(16, "wheel"));
  }

  @Test
  void ofMoreThanAPieceTheOldestIsLeftOutAndTheGapShows() {
    Throttle.Answer answer = throttle.begin(JOB, 0, 1);
    answer.came("a", 1, now);
    dueAfter(0);
    answer.came("b".repeat(3_000), 3_001, now);
    answer.came("c".repeat(3_000), 6_001, now);
    assertThat(dueAfter(250)).containsExactly(piece(2_001, "b".repeat(1_000) + "c".repeat(3_000)));
    assertThat(counts.leftOut).isEqualTo(2_000);
  }

  @Test
  void nothingIsToldBeyondTheMostOfAnAnswer() {
    Throttle.Answer answer = throttle.begin(JOB, 0, 1);
    answer.came("x", PartialAnswer.MAX_ANSWER_CHARS, now);
    assertThat(dueAfter(0)).containsExactly(piece(PartialAnswer.MAX_ANSWER_CHARS - 1, "x"));
    answer.came("y", PartialAnswer.MAX_ANSWER_CHARS + 1, now);
    assertThat(dueAfter(10_000)).isEmpty();
  }

  @Test
  void anAnswerThatHasEndedIsNotTold() {
    Throttle.Answer answer = throttle.begin(JOB, 0, 1);
    answer.came("too late", 8, now);
    answer.end();
    answer.end();
    answer.came(" by far", 15, now);
    assertThat(dueAfter(1_000)).isEmpty();
    assertThat(throttle.nextAt(now)).isEqualTo(Throttle.NEVER);
  }

  @Test
  void halfASurrogatePairWaitsForTheOther() {
    Throttle.Answer answer = throttle.begin(JOB, 0, 1);
    assertThat(answer.came("\ud83d", 1, now)).isFalse();
    assertThat(dueAfter(0)).isEmpty();
    answer.came("\ude00a\ud83d", 4, now);
    assertThat(dueAfter(0)).containsExactly(piece(0, "\ud83d\ude00a"));
    answer.came("\ude01", 5, now);
    assertThat(dueAfter(250)).containsExactly(piece(3, "\ud83d\ude01"));
    answer.came("\ud83d\ude02".repeat(2_001), 5 + 4_002, now);
    assertThat(dueAfter(250)).containsExactly(piece(7, "\ud83d\ude02".repeat(2_000)));
    answer.came("\ud83d\ude02".repeat(2_000) + "z", 5 + 4_002 + 4_001, now);
    assertThat(dueAfter(250))
        .as("a cut within a pair leaves out all of it")
        .containsExactly(piece(4_009, "\ud83d\ude02".repeat(1_999) + "z"));
  }

  @Test
  void whatDoesNotFitTogetherBeginsAnew() {
    Throttle.Answer answer = throttle.begin(JOB, 0, 1);
    answer.came("abc", 3, now);
    answer.came("xyz", 100, now);
    assertThat(dueAfter(0)).containsExactly(piece(97, "xyz"));
  }

  @Test
  void manyAnswersShareWhatTheWorkerMayTellAndNoneStarves() {
    var random = new SplittableRandom(7);
    int answers = 1_000;
    List<Throttle.Answer> all =
        IntStream.range(0, answers)
            .mapToObj(i -> throttle.begin(JobId.random(Instant.ofEpochMilli(i)), 0, 1))
            .toList();
    var lengths = new long[answers];
    var toldAt = new HashMap<JobId, List<Long>>();
    var perSecond = new ArrayList<Integer>();
    long begin = now;
    for (int second = 0; second < 20; second++) {
      int told = 0;
      for (int step = 0; step < 100; step++) {
        now += 10 * MILLI;
        for (int i = 0; i < 50; i++) {
          int which = random.nextInt(answers);
          lengths[which] += 5;
          all.get(which).came("word ", lengths[which], now);
        }
        for (PartialAnswer piece : throttle.due(now)) {
          told++;
          toldAt.computeIfAbsent(piece.jobId(), _ -> new ArrayList<>()).add(now);
        }
      }
      perSecond.add(told);
    }
    assertThat(perSecond.getFirst()).isLessThanOrEqualTo(2 * Throttle.PIECES_A_SECOND);
    assertThat(perSecond.subList(1, perSecond.size()))
        .as("all that is allowed, and no more")
        .allSatisfy(told ->
            assertThat(told).isBetween(Throttle.PIECES_A_SECOND - 2, Throttle.PIECES_A_SECOND + 2));
    assertThat(toldAt).as("each has its turn").hasSize(answers);
    for (Map.Entry<JobId, List<Long>> each : toldAt.entrySet()) {
      long before = begin;
      for (long at : each.getValue()) {
        assertThat(Duration.ofNanos(at - before)).isLessThan(Duration.ofSeconds(12));
        if (before != begin) {
          assertThat(at - before).isGreaterThanOrEqualTo(Throttle.PERIOD.toNanos());
        }
        before = at;
      }
    }
  }
}
