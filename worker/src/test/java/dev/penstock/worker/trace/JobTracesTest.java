package dev.penstock.worker.trace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Decoded;
import dev.penstock.job.Attempt;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobKind;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Outcome;
import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderCall;
import dev.penstock.provider.ProviderResult;
import dev.penstock.provider.Target;
import dev.penstock.worker.core.Batch;
import dev.penstock.worker.core.Breakdown;
import dev.penstock.worker.core.Claim;
import dev.penstock.worker.core.CoreEvent;
import dev.penstock.worker.core.CoreInbox;
import dev.penstock.worker.core.SourceRecord;
import dev.penstock.worker.judge.Settlement;
import dev.penstock.worker.partial.PartialAnswers;
import dev.penstock.worker.partial.PartialMetrics;
import dev.penstock.worker.run.Interceptors;
import dev.penstock.worker.run.JobRunner;
import dev.penstock.worker.thread.SystemThreads;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** What calls and commits tell of their jobs' traces, and what is known to what they log. */
@Timeout(60)
final class JobTracesTest {
  private static final Instant NOW = Instant.parse("2026-11-21T08:00:00Z");
  private static final TopicPartition P0 = new TopicPartition("jobs", 0);
  private static final String PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  private static final ProviderResult ANSWER =
      new ProviderResult.Answered(new JobOutput.Summary(List.of("done")));

  private final KeptTraces kept = new KeptTraces();
  private final FakeProvider provider = new FakeProvider();
  private final Inbox inbox = new Inbox();
  private long offset;

  @Test
  void whatACallLogsSaysForWhichJobAndInWhichTrace() throws Exception {
    Claim claim = claim();
    run(claim, JobTraces.OFF);
    assertThat(provider.known)
        .containsOnly(
            Map.entry("job", claim.record().job().id().toString()),
            Map.entry("attempt", "1"),
            Map.entry("trace_id", "0af7651916cd43dd8448eb211c80319c"),
            Map.entry("span_id", "b7ad6b7169203331"));
    assertThat(claim.span()).isNull();
  }

  @Test
  void anAttemptGoesOnUntilItIsCommitted() throws Exception {
    JobTraces traces = traces(false);
    Claim claim = claim();
    run(claim, traces);
    KeptTraces.Kept attempt = kept.only("process");
    assertThat(attempt.parent).isEqualTo(PARENT);
    assertThat(attempt.ended).isFalse();
    KeptTraces.Kept call = kept.only("embeddings m-1");
    assertThat(call.parent).isEqualTo(attempt.traceparent());
    assertThat(call.ended).isTrue();
    assertThat(call.said)
        .containsEntry("gen_ai.operation.name", "embeddings")
        .containsEntry("gen_ai.provider.name", "fake")
        .containsEntry("gen_ai.request.model", "m-1");
    traces.committed(batch(finished(claim)), NOW, NOW.plusMillis(5));
    assertThat(attempt.ended).isTrue();
    assertThat(attempt.said("penstock.outcome")).isEqualTo("succeeded");
    KeptTraces.Kept commit = kept.only("commit");
    assertThat(commit.parent).isEqualTo(attempt.traceparent());
    assertThat(commit.links).containsExactly(kept.only("transaction"));
  }

  @Test
  void anInterruptedCallSaysSo() throws Exception {
    provider.result = null;
    Claim claim = claim();
    JobRunner runner = runner(traces(false));
    runner.start(claim, provider, call(claim));
    assertThat(provider.begun.await(30, TimeUnit.SECONDS)).isTrue();
    runner.interrupt(claim);
    inbox.ended();
    assertThat(kept.only("embeddings m-1").said("error.type")).isEqualTo("interrupted");
  }

  @Test
  void aProviderIsToldTheTraceOnlyWhereThatIsWanted() throws Exception {
    run(claim(), traces(false));
    assertThat(Objects.requireNonNull(provider.called).traceparent()).isNull();
    run(claim(), traces(true));
    assertThat(Objects.requireNonNull(provider.called).traceparent())
        .isEqualTo(kept.named("embeddings m-1").getLast().traceparent());
  }

  @Test
  void aJobThatEndsWithoutACallIsToldByItsCommit() {
    var expired = new Settlement.Finish(List.of(), new Outcome.Expired(), NOW);
    traces(false).committed(batch(new Batch.Settled(claim(), expired)), NOW, NOW);
    assertThat(kept.only("commit").parent).isEqualTo(PARENT);
    assertThat(kept.only("commit").said("penstock.outcome")).isEqualTo("expired");
    assertThat(kept.named("process")).isEmpty();
  }

  @Test
  void whatIsOnlyMovedIsNotTold() {
    Claim claim = claim();
    var hold = new Settlement.Hold(claim.record(), NOW);
    traces(false).committed(batch(new Batch.Settled(claim, hold)), NOW, NOW);
    assertThat(kept.named("commit")).isEmpty();
    assertThat(kept.named("transaction")).isEmpty();
  }

  @Test
  void aFailedAttemptSaysWhy() throws Exception {
    Claim claim = claim();
    JobTraces traces = traces(false);
    run(claim, traces);
    var failed =
        new Attempt(1, "fake", "w", NOW, Duration.ZERO, new Failure.Retryable("try later"));
    var next = new JobRecord(claim.record().job(), 0, List.of(failed), NOW.plusSeconds(1));
    var retry = new Settlement.Retry(next, NOW, false);
    traces.committed(batch(new Batch.Settled(claim, retry)), NOW, NOW);
    assertThat(kept.only("process").said("penstock.outcome")).isEqualTo("retry");
    assertThat(kept.only("process").said("error.type"))
        .isEqualTo(new Failure.Retryable("try later").code());
  }

  @Test
  void aLargeTransactionHasABoundedNumberOfLinks() {
    var settled = new ArrayList<Batch.Settled>();
    for (int i = 0; i < 3 * JobTraces.MAX_LINKS; i++) {
      settled.add(finished(claim()));
    }
    traces(false).committed(batch(settled.toArray(Batch.Settled[]::new)), NOW, NOW);
    assertThat(kept.only("transaction").links).hasSize(JobTraces.MAX_LINKS);
    assertThat(kept.named("commit"))
        .hasSize(settled.size())
        .allSatisfy(commit -> assertThat(commit.ended).isTrue());
  }

  private JobTraces traces(boolean toProviders) {
    return new JobTraces(kept, InstantSource.fixed(NOW), "w", "workers", toProviders);
  }

  private void run(Claim claim, JobTraces traces) throws InterruptedException {
    runner(traces).start(claim, provider, call(claim));
    inbox.ended();
  }

  private JobRunner runner(JobTraces traces) {
    var threads = new SystemThreads();
    var partial =
        new PartialAnswers(
            () -> {
              throw new AssertionError("nobody asked for partial answers");
            },
            "progress",
            PartialMetrics.NONE,
            new NoBreakdown(),
            threads);
    return new JobRunner(
        "w",
        InstantSource.fixed(NOW),
        inbox,
        new NoBreakdown(),
        threads,
        Interceptors.NONE,
        partial,
        traces);
  }

  private Claim claim() {
    var job =
        new Job(
            JobId.random(NOW),
            "fake",
            new JobInput.Embed("text"),
            2,
            Duration.ofSeconds(30),
            NOW,
            null,
            Map.of());
    JobRecord record = JobRecord.accepted(job);
    return new Claim(
        new SourceRecord(
            P0,
            offset++,
            new Decoded.Value<>(record),
            null,
            100,
            PARENT.getBytes(StandardCharsets.ISO_8859_1)),
        record);
  }

  private static ProviderCall call(Claim claim) {
    Job job = claim.record().job();
    return new ProviderCall(
        job.id(), 0, 1, new Target("fake", "m-1"), job.input(), Duration.ofSeconds(30));
  }

  private static Batch.Settled finished(Claim claim) {
    var outcome = new Outcome.Succeeded(new JobOutput.Summary(List.of("done")));
    return new Batch.Settled(claim, new Settlement.Finish(List.of(), outcome, NOW));
  }

  private static Batch batch(Batch.Settled... settled) {
    return new Batch(List.of(settled), List.of(), List.of(), Set.of(), Map.of());
  }

  private static final class FakeProvider implements Provider {
    private static final Logger log = LoggerFactory.getLogger(FakeProvider.class);

    final CountDownLatch begun = new CountDownLatch(1);

    /** Null for one that waits until it is interrupted. */
    volatile @Nullable ProviderResult result = ANSWER;

    volatile Map<String, String> known = Map.of();
    volatile @Nullable ProviderCall called;

    @Override
    public String name() {
      return "fake";
    }

    @Override
    public Set<JobKind> kinds() {
      return Set.of(JobKind.EMBED);
    }

    @Override
    public ProviderResult call(ProviderCall call) throws InterruptedException {
      log.info("is called");
      known = Map.copyOf(MDC.getCopyOfContextMap());
      called = call;
      begun.countDown();
      ProviderResult answer = result;
      if (answer == null) {
        new CountDownLatch(1).await();
        throw new AssertionError("nobody lets it go");
      }
      return answer;
    }
  }

  private static final class Inbox implements CoreInbox {
    private final BlockingQueue<CoreEvent> events = new LinkedBlockingQueue<>();

    @Override
    public void tell(CoreEvent event) {
      events.add(event);
    }

    @Override
    public int backlog() {
      return 0;
    }

    void ended() throws InterruptedException {
      assertThat(events.poll(30, TimeUnit.SECONDS)).isInstanceOf(CoreEvent.CallEnded.class);
    }
  }

  private record NoBreakdown() implements Breakdown {
    @Override
    public void restart(String reason, Throwable cause) {
      throw new AssertionError(reason, cause);
    }

    @Override
    public void die(String reason) {
      throw new AssertionError(reason);
    }

    @Override
    public void halt(String reason) {
      throw new AssertionError(reason);
    }
  }
}
