package dev.penstock.replayer.plan;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.JsonObject;
import dev.penstock.replay.AuditEntry;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord;
import dev.penstock.replay.PlanRecord.Plan;
import dev.penstock.replay.PlanRecord.Share;
import dev.penstock.replay.PlanRecord.State;
import dev.penstock.replayer.audit.AuditChain;
import dev.penstock.replayer.audit.AuditLog;
import dev.penstock.replayer.plan.PlanLife.Command;
import dev.penstock.replayer.replay.Pauses;
import dev.penstock.replayer.select.Selecting;
import dev.penstock.runtime.ownership.Commit;
import dev.penstock.runtime.ownership.LogUnavailableException;
import dev.penstock.runtime.ownership.PartitionLog;
import dev.penstock.topic.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * Makes plans and moves them on, as people ask for it and as their work is done, on the one thread
 * that runs it. {@link #ask} may be called on any thread.
 *
 * <p>There is one at a time: it writes with a {@code transactional.id} of its own, and reads all
 * plans and the end of the audit after it has shut out the one before. A plan's change and the
 * audit's entry of it are one transaction. What a plan selects is looked for on threads of their
 * own, and what is found written by this one; whoever takes over has it looked for anew.
 */
public final class Coordinator implements Runnable, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Coordinator.class);

  /** The most requests that wait for their turn. */
  static final int MAX_WAITING = 100;

  /** How many plans may be there that have not ended. */
  static final int MAX_OPEN_PLANS = 100;

  /** How soon a request, and the end of a stage, is seen. */
  private static final Duration FOLLOW = Duration.ofMillis(50);

  /** Who does what nobody asked for. */
  private static final String ITSELF = "penstock";

  private final Parts parts;
  private final Companion companion;
  private final BlockingQueue<Waiting> requests = new ArrayBlockingQueue<>(MAX_WAITING);
  private final Map<PlanId, Plan> plans = new LinkedHashMap<>();
  private AuditChain audit = AuditChain.EMPTY;

  /** A commit of the companion's did not succeed: only opening the log again tells why. */
  private boolean lost;

  private volatile boolean closed;

  /**
   * What it works with.
   *
   * @param selecting finds what plans select
   * @param plans makes the log of the plans; not open
   * @param consumers makes consumers of committed records, with {@code auto.offset.reset=none}, by
   *     what they are for
   * @param rest how long it rests when Kafka did not let it go on
   * @param threads run what looks for what plans select
   */
  public record Parts(
      Topics topics,
      Selecting selecting,
      Supplier<PartitionLog> plans,
      Function<String, Consumer<byte[], byte[]>> consumers,
      InstantSource clock,
      Pauses pauses,
      Duration rest,
      Threads threads) {
    /** The same, with threads of its own. */
    public Parts(
        Topics topics,
        Selecting selecting,
        Supplier<PartitionLog> plans,
        Function<String, Consumer<byte[], byte[]>> consumers,
        InstantSource clock,
        Pauses pauses,
        Duration rest) {
      this(topics, selecting, plans, consumers, clock, pauses, rest, Threads.REAL);
    }
  }

  /** What someone wants. */
  public sealed interface Request {
    /** Who wants it. */
    String who();

    /** A new plan; one that is there as it was asked for is told as it is. */
    record Create(Draft draft) implements Request {
      @Override
      public String who() {
        return draft.requestedBy();
      }
    }

    /**
     * That a plan is moved on.
     *
     * @param version of the plan that they saw: another one is refused; null for whichever it is
     */
    record Move(PlanId plan, Command command, String who, @Nullable Integer version)
        implements Request {}

    /** Something of the companion. */
    record Aside(Companion.Wish wish) implements Request {
      @Override
      public String who() {
        return wish.who();
      }
    }
  }

  /** What became of a request. */
  public sealed interface Reply {
    /** It is so, durably. */
    record Done(Plan plan) implements Reply {}

    /** The same of what the companion was asked for. */
    record Granted(JsonNode json) implements Reply {}

    /** There is no such plan. */
    record Missing() implements Reply {}

    /** It can't be; nothing has changed. */
    record Refused(String reason) implements Reply {}

    /** Not now; nothing has changed. */
    record Unavailable(String reason) implements Reply {}

    /** Nobody knows whether it was done; the plan tells. */
    record Unknown(String reason) implements Reply {}
  }

  private record Waiting(Request request, CompletableFuture<Reply> reply) {}

  /** What follows from a request: a plan to write, and what to say when it is written. */
  private record Outcome(Reply reply, @Nullable Plan plan, String did) {
    static Outcome unchanged(Reply reply) {
      return new Outcome(reply, null, "");
    }

    static Outcome changed(Plan plan, String did) {
      return new Outcome(new Reply.Done(plan), plan, did);
    }
  }

  /** One that looks after plans alone. */
  public Coordinator(Parts parts) {
    this(parts, Companion.NONE);
  }

  /**
   * @param companion what it looks after besides
   */
  public Coordinator(Parts parts, Companion companion) {
    this.parts = parts;
    this.companion = companion;
  }

  /** Lines the request up; it is answered when what follows from it is durable. */
  public CompletableFuture<Reply> ask(Request request) {
    var reply = new CompletableFuture<Reply>();
    if (closed) {
      reply.complete(new Reply.Unavailable("another replayer makes plans now"));
    } else if (!requests.offer(new Waiting(request, reply))) {
      reply.complete(new Reply.Unavailable("too many requests wait"));
    } else if (closed) {
      refuseAll("another replayer makes plans now");
    }
    return reply;
  }

  private void refuseAll(String reason) {
    for (Waiting each = requests.poll(); each != null; each = requests.poll()) {
      each.reply.complete(new Reply.Unavailable(reason));
    }
  }

  @Override
  public void run() {
    try {
      while (!closed) {
        try {
          coordinate();
        } catch (InterruptException _) {
          return;
        } catch (LogUnavailableException | KafkaException e) {
          log.warn("plans can't be made or moved on now: {}", e.getMessage());
          refuseAll("Kafka does not answer");
        } catch (RuntimeException e) {
          log.error("plans can't be made or moved on", e);
          refuseAll("a fault of the service");
        }
        if (!closed) {
          parts.pauses().pause(parts.rest());
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      closed = true;
      refuseAll("another replayer makes plans now");
    }
  }

  private void coordinate() throws LogUnavailableException {
    plans.clear();
    long plansFrom = plansEnd();
    try (PartitionLog ledger = parts.plans().get()) {
      ledger.open(null, this::recall);
      audit =
          new AuditLog(parts.topics().dlqAudit(), () -> parts.consumers().apply("audit")).last();
      try (var progress =
              new LedgerTail(parts.consumers().apply("progress"), parts.topics(), plansFrom);
          var selections =
              new Selections(parts.selecting(), parts.pauses(), parts.rest(), parts.threads())) {
        // Whether an earlier plan had a name, and what there is to undo, the ledger tells.
        progress.catchUp(() -> closed);
        lost = false;
        companion.open();
        boolean ours = true;
        while (ours && !closed) {
          progress.follow(FOLLOW);
          ours =
              !isOvertaken(progress)
                  && serve(ledger, progress)
                  && select(ledger, selections)
                  && advance(ledger, progress);
          if (ours) {
            companion.step(writer(ledger));
            ours = !lost;
          }
        }
      } finally {
        companion.close();
      }
    }
  }

  private long plansEnd() {
    var plansLog = new TopicPartition(parts.topics().dlqPlans(), 0);
    try (Consumer<byte[], byte[]> consumer = parts.consumers().apply("plans-end")) {
      return Objects.requireNonNull(consumer.endOffsets(List.of(plansLog)).get(plansLog));
    }
  }

  /**
   * Whether another coordinator has written since this one opened the log. Whoever has nothing to
   * write would not hear of it otherwise, and wait for ever for plans that are other ones by now.
   */
  private boolean isOvertaken(LedgerTail tail) {
    return tail.written().values().stream()
        .anyMatch(written -> {
          Plan known = plans.get(written.id());
          // Of those that have ended the oldest are not kept.
          return known == null ? !written.state().isEnd() : known.version() < written.version();
        });
  }

  private void recall(ConsumerRecord<byte[], byte[]> record) {
    if (record.value() == null) {
      return;
    }
    switch (JsonCodec.PLANS.decode(record.value())) {
      case Decoded.Value<PlanRecord>(PlanRecord part) -> {
        if (part instanceof Plan plan) {
          plans.put(plan.id(), plan);
        }
      }
      case Decoded.Refused<PlanRecord>(String reason) ->
          throw new IllegalStateException(
              "the plans have a record at offset "
                  + record.offset()
                  + " that can't be read: "
                  + reason);
    }
  }

  /** Answers who waits; whether it may go on. */
  private boolean serve(PartitionLog ledger, LedgerTail progress) {
    for (Waiting each = requests.poll(); each != null; each = requests.poll()) {
      try {
        if (!serve(ledger, progress, each)) {
          return false;
        }
      } catch (RuntimeException e) {
        // Whoever asks is answered; what is known is read anew before anything else is done.
        each.reply.complete(
            new Reply.Unknown(
                "a fault of the service, whose log says more; look at what there is"));
        throw e;
      }
    }
    return true;
  }

  /** Answers one; whether it may go on. */
  private boolean serve(PartitionLog ledger, LedgerTail progress, Waiting each) {
    if (each.request instanceof Request.Aside(Companion.Wish wish)) {
      each.reply.complete(obey(wish, ledger));
      if (lost) {
        return false;
      }
      return true;
    }
    Outcome outcome = outcome(each.request, progress);
    if (outcome.plan == null) {
      each.reply.complete(outcome.reply);
      return true;
    }
    Commit commit =
        write(ledger, outcome.plan, List.of(outcome.plan), each.request.who(), outcome.did);
    switch (commit) {
      case Commit.Committed _ -> each.reply.complete(outcome.reply);
      case Commit.Aborted(String reason) -> {
        log.warn("a change of a plan was not taken: {}", reason);
        each.reply.complete(new Reply.Unavailable("Kafka did not take it; try again"));
      }
      case Commit.Fenced _ -> {
        each.reply.complete(new Reply.Unavailable("another replayer makes plans now"));
        return false;
      }
      case Commit.Unknown(String reason) -> {
        log.warn("nobody knows whether a change of a plan was taken: {}", reason);
        each.reply.complete(new Reply.Unknown("Kafka did not answer in time; look at the plan"));
        return false;
      }
    }
    return true;
  }

  private Reply obey(Companion.Wish wish, PartitionLog ledger) {
    try {
      return companion.obey(wish, writer(ledger));
    } catch (KafkaException | IllegalStateException e) {
      // Whoever asks is answered; what is known is read anew before anything else is done.
      log.warn("nobody knows whether what was asked for was done", e);
      lost = true;
      return new Reply.Unknown("Kafka did not answer; look at what there is");
    }
  }

  private Outcome outcome(Request request, LedgerTail progress) {
    return switch (request) {
      case Request.Create(Draft draft) -> create(draft, progress);
      case Request.Aside _ -> throw new IllegalStateException("the companion answers it");
      case Request.Move(PlanId id, Command command, _, Integer version) -> {
        Plan plan = plans.get(id);
        yield plan == null
            ? Outcome.unchanged(new Reply.Missing())
            : switch (PlanLife.obey(
                plan, command, version, PlanLife.tally(progress.of(id)), now())) {
              case PlanLife.Answer.Changed(Plan changed) ->
                  Outcome.changed(changed, command.wireName());
              case PlanLife.Answer.Already(Plan same) -> Outcome.unchanged(new Reply.Done(same));
              case PlanLife.Answer.Refused(String reason) ->
                  Outcome.unchanged(new Reply.Refused(reason));
            };
      }
    };
  }

  private Outcome create(Draft draft, LedgerTail progress) {
    Plan there = plans.get(draft.id());
    if (there != null) {
      return Outcome.unchanged(
          draft.isWhatBecame(there)
              ? new Reply.Done(there)
              : new Reply.Refused("there is another plan " + draft.id()));
    }
    if (!progress.of(draft.id()).isEmpty()) {
      return Outcome.unchanged(
          new Reply.Refused("an earlier plan was called " + draft.id() + ": take another name"));
    }
    if (plans.values().stream().filter(plan -> !plan.state().isEnd()).count() >= MAX_OPEN_PLANS) {
      return Outcome.unchanged(
          new Reply.Refused(
              MAX_OPEN_PLANS + " plans have not ended; abort those that nobody wants any more"));
    }
    try {
      return Outcome.changed(draft.selecting(ends(), now()), "create");
    } catch (InterruptException e) {
      throw e;
    } catch (KafkaException e) {
      log.warn("where the dead letters end can't be told now: {}", e.getMessage());
      return Outcome.unchanged(new Reply.Unavailable("Kafka does not answer"));
    }
  }

  /** Where the partitions of dead letters end, as a reader of committed records sees them. */
  private List<Long> ends() {
    List<TopicPartition> all =
        IntStream.range(0, parts.topics().partitions())
            .mapToObj(partition -> new TopicPartition(parts.topics().deadLetters(), partition))
            .toList();
    try (Consumer<byte[], byte[]> consumer = parts.consumers().apply("ends")) {
      consumer.assign(all);
      Map<TopicPartition, Long> ends = consumer.endOffsets(all);
      return all.stream().map(partition -> Objects.requireNonNull(ends.get(partition))).toList();
    }
  }

  /** Has what plans select looked for, and writes what was found; whether it may go on. */
  private boolean select(PartitionLog ledger, Selections selections) {
    plans.values().stream()
        .filter(plan -> plan.state() != State.SELECTING)
        .forEach(plan -> selections.stop(plan.id()));
    for (Selections.Ended each : selections.ended()) {
      Frozen found = each.found();
      Plan plan =
          found == null
              ? PlanLife.failed(each.plan(), String.valueOf(each.problem()), now())
              : PlanLife.drafted(each.plan(), found.shares(), now());
      var records = new ArrayList<>(found == null ? List.of() : found.records());
      records.add(plan);
      if (!(write(ledger, plan, records, ITSELF, plan.state().wireName())
          instanceof Commit.Committed)) {
        return false;
      }
    }
    plans.values().stream()
        .filter(plan -> plan.state() == State.SELECTING)
        .forEach(selections::start);
    return true;
  }

  /** Moves on what has come to an end; whether it may go on. */
  private boolean advance(PartitionLog ledger, LedgerTail progress) {
    for (Plan plan : List.copyOf(plans.values())) {
      Optional<PlanLife.Moved> moved = PlanLife.advance(plan, progress.of(plan.id()), now());
      if (moved.isPresent()
          && !(write(
                  ledger,
                  moved.get().plan(),
                  List.of(moved.get().plan()),
                  ITSELF,
                  moved.get().did())
              instanceof Commit.Committed)) {
        return false;
      }
    }
    return true;
  }

  private Commit write(
      PartitionLog ledger, Plan plan, List<PlanRecord> records, String who, String did) {
    var batch = new ArrayList<ProducerRecord<byte[], byte[]>>();
    for (PlanRecord record : records) {
      batch.add(record(record.key(), JsonCodec.PLANS.encode(record)));
    }
    List<PlanId> old = PlanLife.notKept(plans.values(), plan);
    if (plan.state().isEnd()) {
      forget(plan, batch);
    }
    for (PlanId each : old) {
      batch.add(record(each.text(), null));
      batch.add(record(PlanRecord.Preview.key(each), null));
    }
    var entry = audit.next(now(), who, did, plan.id(), detail(plan));
    batch.add(
        new ProducerRecord<>(parts.topics().dlqAudit(), 0, null, JsonCodec.AUDIT.encode(entry)));
    Commit commit = ledger.commit(batch);
    if (commit instanceof Commit.Committed) {
      plans.put(plan.id(), plan);
      old.forEach(plans::remove);
      audit = AuditChain.endingWith(entry);
      log.info("plan {}: {} by {}", plan.id(), did, who);
    }
    return commit;
  }

  private Companion.Writer writer(PartitionLog ledger) {
    return (records, deed) -> {
      var batch = new ArrayList<>(records);
      AuditEntry entry = null;
      if (deed != null) {
        entry = audit.next(now(), deed.who(), deed.did(), deed.what(), deed.detail());
        batch.add(
            new ProducerRecord<>(
                parts.topics().dlqAudit(), 0, null, JsonCodec.AUDIT.encode(entry)));
      }
      Commit commit = ledger.commit(batch);
      if (!(commit instanceof Commit.Committed)) {
        lost = true;
      } else if (entry != null) {
        audit = AuditChain.endingWith(entry);
      }
      return commit;
    };
  }

  /** What an ended plan had selected is not kept; how many of them, it tells itself. */
  private void forget(Plan plan, List<ProducerRecord<byte[], byte[]>> batch) {
    for (Share share : plan.shares()) {
      for (int number = 0; number < share.parts(); number++) {
        batch.add(
            record(
                new PlanRecord.Offsets(plan.id(), share.stage(), share.partition(), number, "")
                    .key(),
                null));
      }
    }
  }

  private ProducerRecord<byte[], byte[]> record(String key, byte @Nullable [] value) {
    return new ProducerRecord<>(
        parts.topics().dlqPlans(), 0, key.getBytes(StandardCharsets.UTF_8), value);
  }

  /** The plan as it is then, without what its offsets are. */
  private static JsonObject detail(Plan plan) {
    return new JsonObject(new String(JsonCodec.PLANS.encode(plan), StandardCharsets.UTF_8));
  }

  private Instant now() {
    return parts.clock().instant().truncatedTo(ChronoUnit.MILLIS);
  }

  /** It changes nothing more after the step that it is at; who waits is refused. */
  @Override
  public void close() {
    closed = true;
  }
}
