package dev.penstock.chaos.simulated;

import dev.penstock.chaos.law.Call;
import dev.penstock.chaos.law.Law;
import dev.penstock.chaos.law.Violation;
import dev.penstock.chaos.simulated.kafka.SimKafka;
import dev.penstock.chaos.simulated.strand.Scheduler;
import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.JobRecord;
import dev.penstock.provider.ProviderCall;
import dev.penstock.topic.Topics;
import dev.penstock.worker.admit.BreakerRule;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Utils;

/** All calls that providers saw, with what an all-knowing observer knows of them. */
final class CallLog {
  /** A transaction that begins this long after a call is to tell of it. */
  private static final long TOLD_AFTER_NANOS = 200_000_000;

  private final Scheduler scheduler;
  private final SimKafka kafka;
  private final Topics topics;
  private final Instant epoch;
  private final List<Noted> all = new ArrayList<>();
  private final Map<String, Long> lastCommit = new HashMap<>();

  CallLog(Scheduler scheduler, SimKafka kafka, Topics topics, Instant epoch) {
    this.scheduler = scheduler;
    this.kafka = kafka;
    this.topics = topics;
    this.epoch = epoch;
  }

  private static final class Noted {
    final SimWorker worker;
    final int life;
    final ProviderCall call;
    final TopicPartition source;
    final Optional<SimKafka.Owner> owner;
    final Instant toldAt;
    final long beganAt;
    long endedAt = -1;
    Call.End end = Call.End.NEVER;
    boolean deaf;
    int commits;

    Noted(
        SimWorker worker,
        ProviderCall call,
        TopicPartition source,
        Optional<SimKafka.Owner> owner,
        long now) {
      this.worker = worker;
      this.life = worker.life();
      this.call = call;
      this.source = source;
      this.owner = owner;
      this.toldAt = worker.clock().instant();
      this.beganAt = now;
    }
  }

  SimProvider.Ending begun(SimWorker worker, ProviderCall call) {
    var source = source(call);
    scheduler.note(call.jobId().hashCode() * 31L + call.attempt());
    var noted = new Noted(worker, call, source, owner(worker, source), scheduler.now());
    all.add(noted);
    return new SimProvider.Ending() {
      @Override
      public void ended(Call.End end) {
        if (noted.endedAt < 0) {
          noted.endedAt = scheduler.now();
          noted.end = end;
        }
      }

      @Override
      public void deaf() {
        noted.deaf = true;
      }
    };
  }

  private TopicPartition source(ProviderCall call) {
    byte[] key = call.jobId().toString().getBytes(java.nio.charset.StandardCharsets.UTF_8);
    int number = Utils.toPositive(Utils.murmur2(key)) % topics.partitions();
    var retries =
        topics.retryTopics().stream().map(topic -> new TopicPartition(topic, number)).toList();
    var jobs = topics.jobsTopics().stream().map(topic -> new TopicPartition(topic, number));
    return Stream.concat(retries.stream(), call.attempt() > 1 ? Stream.empty() : jobs)
        .filter(partition -> stands(key, call.generation(), partition))
        .findFirst()
        .orElse(retries.getFirst());
  }

  /** A job that was not to run at once may have gone through the holds before its first call. */
  private boolean stands(byte[] key, int generation, TopicPartition partition) {
    return kafka.log(partition).committed().stream()
        .anyMatch(record ->
            Arrays.equals(record.key(), key)
                && JsonCodec.JOB_RECORDS.decode(record.value())
                    instanceof Decoded.Value<JobRecord>(JobRecord job)
                && job.generation() == generation);
  }

  private Optional<SimKafka.Owner> owner(SimWorker worker, TopicPartition source) {
    return kafka
        .owner(topics.workerGroup(), source)
        .filter(owner -> kafka.process(owner.member()) == worker.process());
  }

  /** The worker's process is gone: its calls never come back. */
  void gone(SimWorker worker) {
    for (Noted each : all) {
      if (each.worker == worker && each.endedAt < 0) {
        each.endedAt = scheduler.now();
      }
    }
    lastCommit.remove(worker.id());
  }

  /** The worker has committed a transaction: it was to tell of the calls that run since long. */
  void committed(String worker) {
    Long before = lastCommit.put(worker, scheduler.now());
    if (before == null) {
      return;
    }
    for (Noted each : all) {
      if (each.endedAt < 0
          && each.worker.id().equals(worker)
          && each.life == each.worker.life()
          && each.beganAt + TOLD_AFTER_NANOS < before
          && each.owner.isPresent()
          && owner(each.worker, each.source).equals(each.owner)) {
        each.commits++;
      }
    }
  }

  /**
   * Whoever finds a target ill leaves it alone: beyond the calls that it takes to find out, and
   * those that run beside them, only probes are made, a few each time that the breaker has been
   * open. Calls that were interrupted tell nothing, so they are not counted.
   */
  List<Violation> illTargetsThatAreNotSpared(Scenario scenario) {
    Scenario.Targets targets = scenario.targets();
    BreakerRule rule = targets.admission().breaker();
    if (!rule.enabled()) {
      return List.of();
    }
    long openings = 2 + targets.illFor().dividedBy(rule.open());
    long allowed = rule.window() + scenario.limits().slots() + rule.probes() * openings;
    var made = new TreeMap<String, Integer>();
    for (Noted each : all) {
      if (each.end == Call.End.RETURNED
          && !each.deaf
          && targets.isIll(each.call.target().provider(), each.beganAt)
          && targets.isIll(each.call.target().provider(), each.endedAt)) {
        made.merge(
            each.worker.id() + "." + each.life + " and " + each.call.target(), 1, Integer::sum);
      }
    }
    return made.entrySet().stream()
        .filter(each -> each.getValue() > allowed)
        .map(each ->
            new Violation(
                Law.ILL_TARGETS_ARE_SPARED,
                each.getKey(),
                each.getValue()
                    + " calls were made while every call failed, but "
                    + allowed
                    + " are enough to see that",
                ""))
        .toList();
  }

  /** Everything so far. */
  List<Call> calls() {
    return all.stream().map(this::call).toList();
  }

  private Call call(Noted noted) {
    return new Call(
        noted.call.jobId(),
        noted.call.generation(),
        noted.call.attempt(),
        noted.worker.id(),
        noted.life,
        noted.owner.isPresent(),
        at(noted.owner.map(SimKafka.Owner::sinceNanos).orElse(0L)),
        noted.toldAt,
        at(noted.beganAt),
        at(noted.endedAt < 0 ? scheduler.now() : noted.endedAt),
        // Also where its process was gone, or the run over, before it came back.
        noted.deaf ? Call.End.DEAF : noted.end,
        noted.commits);
  }

  private Instant at(long nanos) {
    return epoch.plusNanos(nanos);
  }
}
