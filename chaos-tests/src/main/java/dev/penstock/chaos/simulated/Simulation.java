package dev.penstock.chaos.simulated;

import dev.penstock.chaos.law.Allowance;
import dev.penstock.chaos.law.HistoryBuilder;
import dev.penstock.chaos.law.Law;
import dev.penstock.chaos.law.Laws;
import dev.penstock.chaos.law.Poison;
import dev.penstock.chaos.law.Recorded;
import dev.penstock.chaos.law.Violation;
import dev.penstock.chaos.simulated.kafka.SimKafka;
import dev.penstock.chaos.simulated.kafka.SimLog;
import dev.penstock.chaos.simulated.strand.Scheduler;
import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.JobId;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.topic.RecordHeaders;
import dev.penstock.topic.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * One run: a scenario is lived through, everything is healed, and when all is quiet the laws judge
 * what was recorded. The same seed gives the same run.
 */
final class Simulation {
  private static final Instant EPOCH = Instant.parse("2026-01-01T00:00:00Z");
  private static final Duration LOOK = Duration.ofMillis(200);

  /** Faults end, timeouts pass, and the workers begin anew after pauses that grow to 30 s. */
  private static final Duration QUIESCENCE = Duration.ofMinutes(6);

  /** Once a request can be read: workers read it, and the call hears of it. */
  private static final Duration CANCELLED_WITHIN = Duration.ofSeconds(1);

  /** How soon every replayer sees the end of a plan. */
  private static final Duration LET_GO = Duration.ofSeconds(2);

  private static final Duration ALARM = Duration.ofSeconds(40);
  private static final int MAX_WORKERS = 4;

  private final Scenario scenario;
  private final Scheduler scheduler;
  private final Topics topics;
  private final SimKafka kafka;
  private final Weather weather;
  private final CallLog calls;
  private final HistoryBuilder history = new HistoryBuilder();
  private final List<SimWorker> workers = new ArrayList<>();
  private final List<Violation> incidents = new ArrayList<>();
  private final InstantSource clock;
  private final SimWorker.World world;
  private final SimSequencer sequencer;
  private final SimReplayers replayers;
  private final Set<Dead> released = new HashSet<>();

  private boolean deathIsExpected;
  private boolean allAway;
  private int deaths;

  private Simulation(Scenario scenario, PlantedBug bug) {
    this.scenario = scenario;
    this.scheduler = new Scheduler(scenario.seed());
    this.topics = scenario.topics();
    this.weather = new Weather(scheduler, topics.control());
    this.kafka =
        new SimKafka(
            scheduler,
            weather,
            new SimKafka.Timing(Scenario.SESSION, Scenario.HEARTBEAT, Scenario.TIMEOUT_SCAN),
            EPOCH);
    this.clock = () -> EPOCH.plusNanos(scheduler.now());
    this.calls = new CallLog(scheduler, kafka, topics, EPOCH);
    this.world =
        new SimWorker.World(scheduler, kafka, topics, scenario, EPOCH, bug, calls, this::halted);
    this.sequencer = new SimSequencer(scheduler, kafka, topics, bug);
    this.replayers =
        new SimReplayers(
            new SimReplayer.World(scheduler, kafka, topics, scenario.skew(), EPOCH, bug),
            weather,
            scenario.replays().replayers());
  }

  /** A generation of a job that is dead-lettered. */
  private record Dead(JobId job, int generation) {
    static Dead of(DeadLetter letter) {
      return new Dead(letter.job().id(), letter.generation());
    }
  }

  /**
   * What a run came to.
   *
   * @param trace the same for the same run
   * @param simulated how long it took by its own clock
   * @param steps how many things happened one after the other
   * @param replays how many dead letters were replayed
   */
  record Result(
      Scenario scenario,
      List<Violation> violations,
      long trace,
      Duration simulated,
      long steps,
      int jobs,
      int calls,
      int replays) {
    boolean isLawful() {
      return violations.isEmpty();
    }
  }

  static Result run(Scenario scenario, PlantedBug bug) {
    return new Simulation(scenario, bug).run();
  }

  private Result run() {
    try {
      scheduler.run(this::live);
    } catch (IllegalStateException e) {
      incident("the run", "could not go on: " + e.getMessage() + ", " + rootOf(e));
    }
    history.calls.addAll(calls.calls());
    var violations = new ArrayList<>(incidents);
    violations.addAll(Laws.check(history.build(), allowance()));
    violations.addAll(calls.illTargetsThatAreNotSpared(scenario));
    return new Result(
        scenario,
        List.copyOf(violations),
        scheduler.trace(),
        Duration.ofNanos(scheduler.now()),
        scheduler.handled(),
        history.jobs.size(),
        history.calls.size(),
        (int)
            history.ledger.stream()
                .filter(each -> each.value() instanceof LedgerRecord.Replayed)
                .count());
  }

  /** Whether no plan has anything to do, and those that were ended have been let go. */
  private boolean staysQuiet(SimPeople people) {
    if (!people.isQuiet()) {
      return false;
    }
    scheduler.sleep(LET_GO.toNanos());
    return people.isQuiet() && isQuiet();
  }

  private static Throwable rootOf(Throwable failure) {
    Throwable cause = failure.getCause();
    return cause == null ? failure : rootOf(cause);
  }

  private Allowance allowance() {
    int interruptions =
        workers.stream().mapToInt(SimWorker::life).sum()
            + kafka.epoch(topics.workerGroup())
            + deaths;
    int commitsToTell = scenario.limits().slots() / scenario.limits().batchRecords() + 3;
    return new Allowance(
        interruptions,
        scenario.skew(),
        commitsToTell,
        scenario.isCalm() ? Duration.ofSeconds(2) : Allowance.NO_MATTER_WHEN,
        (int) scenario.faults().stream().filter(fault -> !(fault instanceof Fault.Join)).count()
            + scenario.killers(),
        scenario.lanes(),
        scenario.hasNoFaults() ? CANCELLED_WITHIN : Allowance.NO_MATTER_WHEN);
  }

  // The life of the world

  private void live() {
    topics.all().forEach(topic -> kafka.createTopic(topic.name(), topic.partitions()));
    for (TopicPartition partition : consumed()) {
      kafka.commit(group(partition), partition, new OffsetAndMetadata(0));
    }
    for (SimLog log : kafka.logs(topics.ordered())) {
      kafka.commit(topics.orderApplication(), log.partition(), new OffsetAndMetadata(0));
    }
    kafka.watchTransactions((id, committed) -> {
      if (committed && id.startsWith("p.worker-")) {
        calls.committed(id.substring("p.worker-".length()));
      } else if (committed && id.startsWith("p.dlq-")) {
        replayers.committed(partitionOf(id));
      }
    });
    for (int i = 0; i < scenario.workers(); i++) {
      addWorker();
    }
    var intake = new SimIntake(scheduler, kafka, topics, scenario, clock, history);
    intake.start();
    scheduler.start(scheduler.strand(scheduler.process("operator"), "operator", this::watch));
    if (hasOrder()) {
      startSequencer(intake);
    }
    var people = new SimPeople(kafka, scheduler, scenario, replayers, intake);
    if (hasReplays()) {
      startReplayers(people);
    }
    for (Fault fault : scenario.faults()) {
      sleepUntil(fault.at());
      happens(fault);
    }
    sleepUntil(scenario.span().plus(scenario.replays().longer()));
    weather.heal();
    for (SimWorker worker : workers) {
      worker.goOn();
      worker.rest(false);
      worker.start();
    }
    if (hasOrder()) {
      sequencer.start();
    }
    if (hasReplays()) {
      replayers.startAll();
      people.finish();
    }
    if (!scheduler.poll(
        () -> intake.isDone() && isQuiet() && (!hasReplays() || staysQuiet(people)),
        LOOK,
        QUIESCENCE)) {
      incident(
          "the workers", "did not finish within " + QUIESCENCE + " of the last fault: " + lags());
    }
    scheduler.sleep(Duration.ofSeconds(1).toNanos());
    record();
  }

  private boolean hasOrder() {
    return scenario.order().percent() > 0;
  }

  /** Where ids are unfenced, something follows the number. */
  private static int partitionOf(String id) {
    return id.startsWith("p.dlq-plans-") ? 0 : id.charAt("p.dlq-".length()) - '0';
  }

  private boolean hasReplays() {
    return !scenario.replays().isNone();
  }

  private void startReplayers(SimPeople people) {
    replayers.startAll();
    people.start();
    for (Scenario.Replays.Trouble trouble : scenario.replays().troubles()) {
      later(trouble.at(), () -> replayers.happens(trouble));
    }
  }

  private void startSequencer(SimIntake intake) {
    sequencer.start();
    for (Duration at : scenario.order().kills()) {
      later(
          at,
          () -> {
            sequencer.kill();
            later(Duration.ofMillis(scheduler.below(2_000)), sequencer::start);
          });
    }
    scheduler.start(
        scheduler.strand(
            scheduler.process("releaser"),
            "releaser",
            () -> {
              while (true) {
                scheduler.sleep(scheduler.below(Duration.ofSeconds(2).toNanos()));
                deadLetteredInLine()
                    .forEach(letter -> {
                      released.add(Dead.of(letter));
                      intake.release(letter.job(), letter.generation());
                    });
              }
            }));
  }

  /** Dead-lettered jobs with ordering keys that nobody has asked to release. */
  private List<DeadLetter> deadLetteredInLine() {
    var letters = new ArrayList<Recorded<DeadLetter>>();
    decode(topics.deadLetters(), JsonCodec.DEAD_LETTERS, letters);
    return letters.stream()
        .map(Recorded::value)
        .filter(letter -> letter.job().ordering() != null && !released.contains(Dead.of(letter)))
        .toList();
  }

  private void addWorker() {
    var worker = new SimWorker("w" + (workers.size() + 1), world);
    workers.add(worker);
    worker.start();
  }

  private void sleepUntil(Duration at) {
    scheduler.sleep(Math.max(0, at.toNanos() - scheduler.now()));
  }

  private void happens(Fault fault) {
    switch (fault) {
      case Fault.Kill(_, int number, Duration back) -> {
        SimWorker worker = workers.get(number);
        worker.kill();
        later(back, () -> startAgain(worker));
      }
      case Fault.Stop(_, int number, Duration lasting) -> {
        SimWorker worker = workers.get(number);
        worker.stop();
        later(lasting, worker::goOn);
      }
      case Fault.Drain(_, int number, Duration back) -> {
        SimWorker worker = workers.get(number);
        worker.drain(() -> later(back, () -> startAgain(worker)));
      }
      case Fault.Rest(_, int number, Duration lasting) -> {
        SimWorker worker = workers.get(number);
        worker.rest(true);
        later(lasting, () -> worker.rest(false));
      }
      case Fault.Join _ -> {
        if (workers.size() < MAX_WORKERS) {
          addWorker();
        }
      }
      case Fault.Slow slow -> weather.begin(slow, slow.lasting());
      case Fault.Lossy lossy -> weather.begin(lossy, lossy.lasting());
      case Fault.Outage outage -> weather.begin(outage, outage.lasting());
      case Fault.SlowMarkers markers -> weather.begin(markers, markers.lasting());
      case Fault.ControlDelay delay -> weather.begin(delay, delay.lasting());
      case Fault.Damaged(_, Fault.Damage damage) -> damage(damage);
    }
  }

  private void startAgain(SimWorker worker) {
    if (!allAway) {
      worker.start();
    }
  }

  private void later(Duration delay, Runnable action) {
    scheduler.after(delay.toNanos(), action);
  }

  /** Begins anew what has died, as whoever runs the processes does. */
  private void watch() {
    while (true) {
      scheduler.sleep(Duration.ofMillis(500).toNanos());
      for (SimWorker worker : List.copyOf(workers)) {
        String reason = worker.dead();
        if (reason != null && !deathIsExpected) {
          incident(
              worker.id(), "stopped for a person to look, although nothing was lost: " + reason);
          worker.kill();
          later(Duration.ofSeconds(1), () -> startAgain(worker));
        }
      }
    }
  }

  private void halted(String worker, String reason) {
    deaths++;
    workers.stream()
        .filter(each -> each.id().equals(worker))
        .findFirst()
        .ifPresent(each -> {
          calls.gone(each);
          later(Duration.ofSeconds(1), () -> startAgain(each));
        });
  }

  /** Nobody may go on from offsets that can't be trusted. */
  private void damage(Fault.Damage damage) {
    weather.heal();
    allAway = true;
    workers.forEach(SimWorker::kill);
    // What the killed ones left open ends by its timeout.
    scheduler.sleep(
        scenario.transactionTimeout().plus(Scenario.TIMEOUT_SCAN).plusSeconds(1).toNanos());
    List<TopicPartition> described =
        consumed().stream()
            .filter(partition ->
                !Objects.requireNonNull(kafka.committed(group(partition), partition))
                    .metadata()
                    .isEmpty())
            .toList();
    if (described.isEmpty()) {
      allAway = false;
      workers.forEach(SimWorker::start);
      return;
    }
    TopicPartition partition = described.get((int) scheduler.below(described.size()));
    String group = group(partition);
    OffsetAndMetadata right = Objects.requireNonNull(kafka.committed(group, partition));
    deathIsExpected = true;
    switch (damage) {
      case EXPIRED -> kafka.expire(group, partition);
      case GARBLED ->
          kafka.commit(group, partition, new OffsetAndMetadata(right.offset(), "p2.AAAA"));
      case OTHER_TOPIC ->
          kafka.commit(
              group,
              partition,
              new OffsetAndMetadata(right.offset(), ofOtherTopic(right.metadata())));
    }
    // Those that die of something else meanwhile come back, as always.
    allAway = false;
    workers.forEach(SimWorker::start);
    if (!scheduler.poll(
        () -> workers.stream().anyMatch(worker -> worker.dead() != null), LOOK, ALARM)) {
      incident(
          partition.toString(),
          "has a committed offset that can't be trusted (" + damage + "), but no worker says so");
    }
    allAway = true;
    workers.forEach(SimWorker::kill);
    kafka.commit(group, partition, right);
    deathIsExpected = false;
    allAway = false;
    workers.forEach(SimWorker::start);
  }

  /** Metadata begins with the id of its topic; see WindowMetadata and MovedOffsets. */
  private static String ofOtherTopic(String metadata) {
    int first = metadata.startsWith("p2.") || metadata.startsWith("h1.") ? "p2.".length() : 0;
    char other = metadata.charAt(first) == 'A' ? 'B' : 'A';
    return metadata.substring(0, first) + other + metadata.substring(first + 1);
  }

  private void incident(String subject, String finding) {
    incidents.add(new Violation(Law.GOES_ON, subject, finding, ""));
  }

  // Looking

  /** What workers consume, held jobs included. */
  private List<TopicPartition> consumed() {
    var all = new ArrayList<TopicPartition>();
    for (String topic : topics.claimed()) {
      kafka.logs(topic).forEach(log -> all.add(log.partition()));
    }
    for (String topic : topics.holdTopics()) {
      kafka.logs(topic).forEach(log -> all.add(log.partition()));
    }
    return all;
  }

  private String group(TopicPartition partition) {
    if (partition.topic().equals(topics.ordered())) {
      return topics.orderApplication();
    }
    return topics.claimed().contains(partition.topic()) ? topics.workerGroup() : topics.holdGroup();
  }

  /** Whether everything is consumed and nothing is open. */
  private boolean isQuiet() {
    boolean decided =
        topics.all().stream()
            .flatMap(topic -> kafka.logs(topic.name()).stream())
            .allMatch(log -> log.lastStable() == log.end());
    return decided
        && consumed().stream().allMatch(this::isConsumed)
        && (!hasOrder()
            || (deadLetteredInLine().isEmpty()
                && kafka.logs(topics.ordered()).stream()
                    .map(SimLog::partition)
                    .allMatch(this::isConsumed)));
  }

  private boolean isConsumed(TopicPartition partition) {
    SimLog log = kafka.log(partition);
    @Nullable OffsetAndMetadata committed = kafka.committed(group(partition), partition);
    return committed != null
        && committed.offset() >= log.end()
        && !kafka.isUnstable(group(partition), partition);
  }

  private List<String> lags() {
    return consumed().stream()
        .filter(partition -> !isConsumed(partition))
        .map(partition ->
            partition
                + " is committed to "
                + kafka.committed(group(partition), partition)
                + " and ends at "
                + kafka.log(partition).end())
        .toList();
  }

  private void record() {
    decode(topics.ordered(), JsonCodec.ORDERED, history.ordered);
    for (String jobs : topics.jobsTopics()) {
      decode(jobs, JsonCodec.JOB_RECORDS, history.jobs);
    }
    for (String retry : topics.retryTopics()) {
      decode(retry, JsonCodec.JOB_RECORDS, history.retries);
    }
    for (String hold : topics.holdTopics()) {
      decode(hold, JsonCodec.JOB_RECORDS, history.held);
    }
    decode(topics.events(), JsonCodec.EVENTS, history.events);
    decode(topics.control(), JsonCodec.CANCEL_REQUESTS, history.cancels);
    decode(topics.control(), JsonCodec.RETRY_NOW_REQUESTS, history.hurries);
    decode(topics.dlqPlans(), JsonCodec.PLANS, history.plans);
    decode(topics.dlqLedger(), JsonCodec.LEDGER, history.ledger);
    decode(topics.dlqAudit(), JsonCodec.AUDIT, history.audit);
    for (SimLog log : kafka.logs(topics.deadLetters())) {
      for (ConsumerRecord<byte[], byte[]> record : log.committed()) {
        if (text(record, RecordHeaders.DEAD_LETTER).equals("poison")) {
          history.poison.add(
              new Poison(
                  text(record, RecordHeaders.ORIGIN),
                  Poison.hex(record.key()),
                  Poison.hex(record.value()),
                  text(record, RecordHeaders.REASON)));
        } else {
          decode(log, record, JsonCodec.DEAD_LETTERS, history.deadLetters);
        }
      }
    }
  }

  private <T> void decode(String topic, JsonCodec<T> codec, List<Recorded<T>> into) {
    for (SimLog log : kafka.logs(topic)) {
      log.committed().forEach(record -> decode(log, record, codec, into));
    }
  }

  private static <T> void decode(
      SimLog log,
      ConsumerRecord<byte[], byte[]> record,
      JsonCodec<T> codec,
      List<Recorded<T>> into) {
    if (record.value() != null
        && codec.decode(record.value()) instanceof Decoded.Value<T>(T value)) {
      into.add(
          new Recorded<>(
              record.topic(),
              record.partition(),
              record.offset(),
              Instant.ofEpochMilli(record.timestamp()),
              EPOCH.plusNanos(log.visibleSinceNanos(record.offset())),
              value));
    }
  }

  private static String text(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null ? "" : new String(header.value(), StandardCharsets.UTF_8);
  }
}
