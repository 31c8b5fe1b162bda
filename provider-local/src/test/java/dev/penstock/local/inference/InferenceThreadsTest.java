package dev.penstock.local.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class InferenceThreadsTest {
  private final InferenceThreads threads = new InferenceThreads(2);
  private final CountDownLatch release = new CountDownLatch(1);

  @AfterEach
  void close() {
    release.countDown();
    threads.close();
  }

  @Test
  void thousandsOfVirtualThreadsShareTheFewPlatformThreads() throws InterruptedException {
    var running = new AtomicInteger();
    var most = new AtomicInteger();
    var virtual = new AtomicBoolean();
    var done = new AtomicInteger();
    var callers = new ArrayList<Thread>();
    for (int i = 0; i < 2_000; i++) {
      int number = i;
      callers.add(
          Thread.startVirtualThread(() -> {
            try {
              int answer =
                  threads.run(() -> {
                    most.accumulateAndGet(running.incrementAndGet(), Math::max);
                    virtual.compareAndSet(false, Thread.currentThread().isVirtual());
                    running.decrementAndGet();
                    return number;
                  });
              if (answer == number) {
                done.incrementAndGet();
              }
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          }));
    }
    for (Thread caller : callers) {
      caller.join();
    }
    assertThat(done).hasValue(2_000);
    assertThat(most.get()).isBetween(1, 2);
    assertThat(virtual).isFalse();
  }

  @Test
  void anInterruptedCallerThatWaitsNeverRunsItsUnit() throws InterruptedException {
    occupyAll();
    var ran = new AtomicBoolean();
    var ended = new AtomicReference<String>("no");
    Thread waiting = caller(() -> ran.getAndSet(true), ended);
    await().atMost(Duration.ofMinutes(1)).until(() -> threads.waiting() == 1);

    waiting.interrupt();
    waiting.join();
    assertThat(ended).hasValue("interrupted");

    release.countDown();
    assertThat(threads.run(() -> "next")).isEqualTo("next");
    assertThat(ran).isFalse();
  }

  @Test
  void anInterruptedCallerLeavesAtOnceWhileItsUnitRunsOn() throws InterruptedException {
    var started = new CountDownLatch(1);
    var finished = new AtomicBoolean();
    var ended = new AtomicReference<String>("no");
    Thread caller =
        caller(
            () -> {
              started.countDown();
              release.await();
              finished.set(true);
              return true;
            },
            ended);
    started.await();

    caller.interrupt();
    caller.join();
    assertThat(ended).hasValue("interrupted");
    assertThat(finished).isFalse();

    release.countDown();
    await().atMost(Duration.ofMinutes(1)).untilTrue(finished);
  }

  @Test
  void anUnitThatRunsOnKeepsItsThread() throws InterruptedException {
    var abandoned = new InferenceThreads(1);
    try (abandoned) {
      var started = new CountDownLatch(1);
      var ended = new AtomicReference<String>("no");
      Thread first =
          Thread.startVirtualThread(() ->
              ended.set(
                  outcome(
                      abandoned,
                      () -> {
                        started.countDown();
                        release.await();
                        return true;
                      })));
      started.await();
      first.interrupt();
      first.join();

      var second = new AtomicReference<String>("no");
      Thread next = Thread.startVirtualThread(() -> second.set(outcome(abandoned, () -> true)));
      await().atMost(Duration.ofMinutes(1)).until(() -> abandoned.waiting() == 1);
      assertThat(second).hasValue("no");

      release.countDown();
      next.join();
      assertThat(second).hasValue("answered");
    }
  }

  @Test
  void whatAUnitThrowsReachesItsCaller() {
    assertThatThrownBy(() ->
            threads.run(() -> {
              throw new ArithmeticException("no");
            }))
        .isInstanceOf(ArithmeticException.class);
    assertThatThrownBy(() ->
            threads.run(() -> {
              throw new LinkageError("no");
            }))
        .isInstanceOf(LinkageError.class);
  }

  @Test
  void closingWaitsForWhatRunsAndRefusesTheRest() throws InterruptedException {
    var started = new CountDownLatch(1);
    var finished = new AtomicBoolean();
    var ended = new AtomicReference<String>("no");
    Thread caller =
        caller(
            () -> {
              started.countDown();
              release.await();
              finished.set(true);
              return true;
            },
            ended);
    started.await();
    var drained = new AtomicBoolean();
    Thread closer = Thread.startVirtualThread(() -> drained.set(threads.shutDown()));
    release.countDown();
    closer.join();
    caller.join();

    assertThat(drained).isTrue();
    assertThat(finished).isTrue();
    assertThat(ended).hasValue("answered");
    assertThatThrownBy(() -> threads.run(() -> true))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  private void occupyAll() throws InterruptedException {
    var started = new CountDownLatch(2);
    for (int i = 0; i < 2; i++) {
      caller(
          () -> {
            started.countDown();
            release.await();
            return true;
          },
          new AtomicReference<>("no"));
    }
    started.await();
  }

  private Thread caller(
      java.util.concurrent.Callable<Boolean> unit, AtomicReference<String> ended) {
    return Thread.startVirtualThread(() -> ended.set(outcome(threads, unit)));
  }

  private static String outcome(InferenceThreads on, java.util.concurrent.Callable<Boolean> unit) {
    try {
      on.run(unit);
      return "answered";
    } catch (InterruptedException _) {
      return "interrupted";
    }
  }
}
