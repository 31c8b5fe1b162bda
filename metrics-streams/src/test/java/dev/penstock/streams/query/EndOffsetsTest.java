package dev.penstock.streams.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.TopicPartition;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

final class EndOffsetsTest {
  private static final TopicPartition PARTITION = new TopicPartition("jobs", 3);
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  /** Look-ups that were sent and wait for their answer. */
  private final BlockingQueue<CompletableFuture<Long>> sent = new LinkedBlockingQueue<>();

  private final EndOffsets ends =
      new EndOffsets(_ -> {
        var answer = new CompletableFuture<Long>();
        sent.add(answer);
        return answer;
      });

  @Test
  void whoAsksWhileALookupIsUnderWayShareTheNextOne() throws Exception {
    try (ExecutorService askers = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Long> first = askers.submit(() -> ends.end(PARTITION, TIMEOUT));
      CompletableFuture<Long> underWay = take();
      var late = new ArrayList<Thread>();
      var answers = new ArrayList<CompletableFuture<Long>>();
      for (int i = 0; i < 500; i++) {
        var answer = new CompletableFuture<Long>();
        answers.add(answer);
        late.add(
            Thread.startVirtualThread(() -> {
              try {
                answer.complete(ends.end(PARTITION, TIMEOUT));
              } catch (EndOffsets.Unknown | InterruptedException e) {
                answer.completeExceptionally(e);
              }
            }));
      }
      Awaitility.await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> late.stream().allMatch(t -> t.getState() == Thread.State.TIMED_WAITING));
      underWay.complete(10L);
      assertThat(first.get()).isEqualTo(10);
      take().complete(20L);
      for (CompletableFuture<Long> answer : answers) {
        assertThat(answer.get(30, TimeUnit.SECONDS)).isEqualTo(20);
      }
      assertThat(sent).isEmpty();
    }
  }

  @Test
  void aLookupThatFailsFailsThoseWhoAskedAndNotTheNext() throws Exception {
    try (ExecutorService askers = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Long> first = askers.submit(() -> ends.end(PARTITION, TIMEOUT));
      take().completeExceptionally(new IllegalStateException("no leader"));
      assertThatThrownBy(first::get).hasRootCauseInstanceOf(IllegalStateException.class);
      Future<Long> second = askers.submit(() -> ends.end(PARTITION, TIMEOUT));
      take().complete(5L);
      assertThat(second.get()).isEqualTo(5);
    }
  }

  @Test
  void whoGivesUpDoesNotSpoilTheOthersLookup() throws Exception {
    assertThatThrownBy(() -> ends.end(PARTITION, Duration.ofMillis(1)))
        .isInstanceOf(EndOffsets.Unknown.class);
    CompletableFuture<Long> underWay = take();
    try (ExecutorService askers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Long>> waiting = List.of(askers.submit(() -> ends.end(PARTITION, TIMEOUT)));
      underWay.complete(1L);
      take().complete(2L);
      assertThat(waiting.getFirst().get()).isEqualTo(2);
    }
  }

  private CompletableFuture<Long> take() throws InterruptedException {
    CompletableFuture<Long> next = sent.poll(30, TimeUnit.SECONDS);
    assertThat(next).as("a look-up was sent").isNotNull();
    return next;
  }
}
