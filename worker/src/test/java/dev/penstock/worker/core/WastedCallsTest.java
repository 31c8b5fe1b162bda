package dev.penstock.worker.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Decoded;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Usage;
import dev.penstock.provider.CallReport;
import dev.penstock.provider.ProviderResult;
import dev.penstock.retry.RetryPolicies;
import dev.penstock.retry.RetryPolicy;
import dev.penstock.worker.admit.Routes;
import dev.penstock.worker.judge.Judge;
import dev.penstock.worker.judge.RetryBudget;
import dev.penstock.worker.judge.Settlement;
import dev.penstock.worker.window.Custody;
import dev.penstock.worker.window.PartitionWindow;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Calls of which nobody gets the answer. */
final class WastedCallsTest {
  private static final TopicPartition P0 = new TopicPartition("jobs", 0);
  private static final int PROCESS = 7;
  private static final CallReport TOLD =
      new CallReport(null, null, new Usage(10, 5, 0), null, null, 500L);
  private static final ProviderResult ANSWER =
      new ProviderResult.Answered(new JobOutput.Summary(List.of("done")), TOLD);
  private static final ProviderResult INTERRUPTED =
      new ProviderResult.Failed(new Failure.Retryable("the call was interrupted"), TOLD);

  private final RecordingActions actions = new RecordingActions();
  private final Wastes wastes = new Wastes();
  private final WorkerCore core =
      new WorkerCore(
          new Incarnation("w", PROCESS),
          new CoreLimits(
              4,
              1_000,
              100_000_000,
              1_000,
              Duration.ofMillis(3),
              new CoreLimits.Waiting(1_000, Duration.ofSeconds(20))),
          new Judge(
              RetryPolicies.all(new RetryPolicy(Duration.ofMillis(100), Duration.ofSeconds(1))),
              new RetryBudget(0.2, 10),
              new Random(1)),
          new Routes(Map.of(), (_, _) -> true, List.of()),
          actions,
          wastes);
  private Instant now = Instant.parse("2026-11-21T08:00:00Z");

  WastedCallsTest() {
    core.handle(
        new CoreEvent.Assigned(
            P0, Uuid.randomUuid(), new PartitionWindow(0), Custody.FREE.takenOverBy(PROCESS)),
        now);
    core.endTurn(now);
  }

  @Test
  void anAnswerThatCountsIsNotWasted() {
    end(call(null), ANSWER);
    pass(Duration.ofMillis(5));
    core.handle(new CoreEvent.Committed(actions.commits.getLast()), now);
    lose();
    assertThat(wastes.all).isEmpty();
  }

  @Test
  void aCallThatFailsByItselfIsAnAttemptAndNotWasted() {
    end(call(null), INTERRUPTED);
    assertThat(wastes.all).isEmpty();
  }

  @Test
  void anAnswerThatComesAfterItsPartitionWentIsLost() {
    Claim claim = call(null);
    lose();
    end(claim, ANSWER);
    assertThat(wastes.all).containsExactly(new Wasted("lost", TOLD));
  }

  @Test
  void anAnswerWhosePartitionGoesBeforeItIsWrittenIsUncommitted() {
    end(call(null), ANSWER);
    lose();
    assertThat(wastes.all).containsExactly(new Wasted("uncommitted", TOLD));
  }

  @Test
  void anAnswerWhoseBatchIsRefusedAfterItsPartitionWentIsUncommitted() {
    end(call(null), ANSWER);
    pass(Duration.ofMillis(5));
    Batch batch = actions.commits.getLast();
    assertThat(batch.settled()).hasSize(1);
    lose();
    assertThat(wastes.all).isEmpty();
    core.handle(new CoreEvent.Refused(batch), now);
    core.endTurn(now);
    assertThat(wastes.all).containsExactly(new Wasted("uncommitted", TOLD));
  }

  @Test
  void callsThatAreCutShortAreWastedByTheReason() {
    Claim late = call(null);
    pass(Duration.ofSeconds(31));
    end(late, INTERRUPTED);
    Claim cancelled = call(null);
    core.handle(new CoreEvent.CancelRequested(cancelled.record().job().id(), 0), now);
    end(cancelled, new ProviderResult.Failed(new Failure.Retryable("interrupted")));
    Claim expired = call(now.plusSeconds(2));
    pass(Duration.ofSeconds(3));
    end(expired, INTERRUPTED);
    assertThat(wastes.all)
        .containsExactly(
            new Wasted("timeout", TOLD),
            new Wasted("cancelled", CallReport.NONE),
            new Wasted("expired", TOLD));
  }

  @Test
  void anAnswerThatCameBeforeItsInterruptIsNotWasted() {
    Claim late = call(null);
    pass(Duration.ofSeconds(31));
    end(late, ANSWER);
    assertThat(wastes.all).isEmpty();
  }

  @Test
  void aStartTellsWhatItsInputCosts() {
    Claim claim = call(null);
    claim.inputCosts(42);
    pass(Duration.ofMillis(50));
    pass(Duration.ofMillis(50));
    assertThat(actions.commits.getLast().started())
        .singleElement()
        .satisfies(started -> assertThat(started.event().inputCostNanos()).isEqualTo(42));
  }

  private Claim call(@Nullable Instant expireAt) {
    var job =
        new Job(
            JobId.random(now),
            "local",
            new JobInput.Embed("text"),
            1,
            Duration.ofSeconds(30),
            now,
            expireAt,
            Map.of());
    core.handle(
        new CoreEvent.Polled(
            P0,
            List.of(
                new SourceRecord(
                    P0, offset, new Decoded.Value<>(JobRecord.accepted(job)), null, 100, null)),
            offset + 1),
        now);
    offset++;
    core.endTurn(now);
    return actions.calls.lastEntry().getKey();
  }

  private long offset;

  private void end(Claim claim, ProviderResult result) {
    core.handle(
        new CoreEvent.CallEnded(
            claim, result, new Judge.Call("local", "w", now, Duration.ofMillis(5))),
        now);
    core.endTurn(now);
  }

  private void lose() {
    core.handle(new CoreEvent.Lost(Set.of(P0), new CompletableFuture<>()), now);
    core.endTurn(now);
  }

  private void pass(Duration time) {
    now = now.plus(time);
    core.handle(new CoreEvent.Tick(), now);
    core.endTurn(now);
  }

  private record Wasted(String reason, CallReport report) {}

  /** Keeps what is wasted, and nothing else. */
  private static final class Wastes implements CoreMetrics {
    final List<Wasted> all = new ArrayList<>();

    @Override
    public void wasted(Claim claim, Waste reason, CallReport report) {
      all.add(new Wasted(reason.label(), report));
    }

    @Override
    public void settled(Claim claim, Settlement settlement) {}

    @Override
    public void called(Claim claim, Judge.Call call, String code) {}

    @Override
    public void late(Duration lateness) {}

    @Override
    public void gated(Claim claim, int change) {}

    @Override
    public void failedOver(Claim claim, String reason) {}

    @Override
    public void poisoned() {}

    @Override
    public void turn(int busySlots, int queued, int waiting, int claimed, int stuck) {}
  }
}
