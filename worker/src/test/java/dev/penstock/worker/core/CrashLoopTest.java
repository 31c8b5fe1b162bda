package dev.penstock.worker.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Decoded;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Outcome;
import dev.penstock.provider.ProviderResult;
import dev.penstock.retry.RetryPolicies;
import dev.penstock.retry.RetryPolicy;
import dev.penstock.worker.admit.Routes;
import dev.penstock.worker.judge.Judge;
import dev.penstock.worker.judge.RetryBudget;
import dev.penstock.worker.judge.Settlement;
import dev.penstock.worker.window.Custody;
import dev.penstock.worker.window.WindowMetadata;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Jobs that kill the process that runs them. */
final class CrashLoopTest {
  private static final Uuid TOPIC = Uuid.randomUuid();
  private static final int JOBS = 400;
  private static final int SLOTS = 100;
  private static final int MAX_STEPS = 50_000;

  /**
   * Position of the job among its partition's, and how many steps its call lasts until it kills.
   */
  @ParameterizedTest
  @CsvSource({"0, 1", "5, 1", "30, 1", "399, 1", "0, 40", "70, 40", "200, 3"})
  void aJobThatKillsItsProcessIsDeadLetteredAndNoOtherIs(int position, int lasts) {
    var fleet = new Fleet(3, Map.of(at(1, position), lasts));
    fleet.runToTheEnd();
    assertThat(fleet.deadLettered()).containsExactly(at(1, position));
    assertThat(fleet.outcomes).hasSize(3 * JOBS);
    assertThat(fleet.callsOf(at(1, position))).as("processes it killed").isBetween(4, 25);
  }

  @Test
  void aJobThatIsFirstKillsSevenProcesses() {
    var fleet = new Fleet(1, Map.of(at(0, 0), 1));
    fleet.runToTheEnd();
    assertThat(fleet.deaths).isEqualTo(7);
  }

  @Test
  void severalSuchJobsAreAllFound() {
    Map<Place, Integer> killers = Map.of(at(0, 3), 1, at(0, 4), 1, at(1, 3), 2, at(2, 350), 1);
    var fleet = new Fleet(3, killers);
    fleet.runToTheEnd();
    assertThat(fleet.deadLettered()).containsExactlyInAnyOrderElementsOf(killers.keySet());
    assertThat(fleet.outcomes).hasSize(3 * JOBS);
  }

  @Test
  void processesThatDieForOtherReasonsCostNoJobItsLife() {
    var fleet = new Fleet(3, Map.of());
    var random = new Random(1);
    for (int death = 0; death < 40; death++) {
      fleet.run(random.nextInt(12));
      fleet.die();
    }
    fleet.runToTheEnd();
    assertThat(fleet.deadLettered()).isEmpty();
    assertThat(fleet.outcomes).hasSize(3 * JOBS);
  }

  @Test
  void ownersThatLetGoInGoodOrderArouseNoSuspicionAndForgetNone() {
    var left = new Custody(5, 2, 17, true, 1);
    assertThat(left.handedBack().takenOverBy(6).deaths()).isEqualTo(2);
    assertThat(left.handedBack().takenOverBy(6).suspectDeaths()).isEqualTo(1);
    assertThat(left.takenOverBy(5).deaths()).as("the same process").isEqualTo(2);
    assertThat(left.takenOverBy(6).deaths()).isEqualTo(3);
    assertThat(left.takenOverBy(6).suspectDeaths()).isEqualTo(2);
    assertThat(Custody.FREE.takenOverBy(6).deaths()).isZero();
  }

  @Test
  void nothingRunsBeforeItIsCommittedWhoHasThePartition() {
    var fleet = new Fleet(1, Map.of());
    fleet.turn();
    assertThat(fleet.actions.calls).isEmpty();
    fleet.commit();
    fleet.turn();
    assertThat(fleet.actions.calls).isNotEmpty();
  }

  private record Place(int partition, long offset) {}

  private static Place at(int partition, long offset) {
    return new Place(partition, offset);
  }

  /**
   * One process after the other on the same log; what is committed is all that the next one has.
   */
  private static final class Fleet {
    private final Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>();
    private final Map<TopicPartition, List<SourceRecord>> log = new HashMap<>();
    private final Map<Place, Integer> killers;
    private final Map<Place, Outcome> outcomes = new HashMap<>();
    private final Map<Place, Integer> calls = new HashMap<>();
    private final Map<Claim, Integer> age = new HashMap<>();
    private final Set<Claim> ended = new HashSet<>();
    private RecordingActions actions = new RecordingActions();
    private WorkerCore core;
    private Instant now = Instant.parse("2026-11-21T08:00:00Z");
    private int answered;
    private int process = 1;
    private int deaths;

    Fleet(int partitions, Map<Place, Integer> killers) {
      this.killers = killers;
      for (int number = 0; number < partitions; number++) {
        var partition = new TopicPartition("jobs", number);
        var records = new ArrayList<SourceRecord>();
        for (long offset = 0; offset < JOBS; offset++) {
          records.add(source(partition, offset));
        }
        log.put(partition, records);
        committed.put(partition, new OffsetAndMetadata(0));
      }
      this.core = begin();
    }

    void runToTheEnd() {
      run(MAX_STEPS);
      assertThat(outcomes).hasSize(log.size() * JOBS);
    }

    void run(int steps) {
      int all = log.size() * JOBS;
      for (int step = 0; step < steps && outcomes.size() < all; step++) {
        turn();
        commit();
        endCalls();
      }
    }

    void turn() {
      now = now.plusMillis(20);
      core.handle(new CoreEvent.Tick(), now);
      core.endTurn(now);
      actions
          .calls
          .keySet()
          .forEach(claim -> {
            if (age.putIfAbsent(claim, 0) == null) {
              calls.merge(place(claim), 1, Integer::sum);
            }
          });
    }

    void commit() {
      while (answered < actions.commits.size()) {
        Batch batch = actions.commits.get(answered++);
        committed.putAll(batch.offsets());
        for (Batch.Settled settled : batch.settled()) {
          var outcome = ((Settlement.Finish) settled.settlement()).outcome();
          assertThat(outcomes.put(place(settled.claim()), outcome)).as("second outcome").isNull();
        }
        core.handle(new CoreEvent.Committed(batch), now);
        core.endTurn(now);
      }
    }

    /** Each harmless call ends in the turn after it began; the others go on until they kill. */
    private void endCalls() {
      for (Claim claim : List.copyOf(actions.calls.keySet())) {
        if (ended.contains(claim) || !age.containsKey(claim)) {
          continue;
        }
        Integer lasts = killers.get(place(claim));
        if (lasts == null) {
          ended.add(claim);
          var answer = new ProviderResult.Answered(new JobOutput.Summary(List.of("done")));
          core.handle(
              new CoreEvent.CallEnded(
                  claim, answer, new Judge.Call("simulated", "w", now, Duration.ZERO)),
              now);
        } else if (age.merge(claim, 1, Integer::sum) > lasts) {
          die();
          return;
        }
      }
    }

    void die() {
      deaths++;
      process++;
      actions = new RecordingActions();
      answered = 0;
      age.clear();
      ended.clear();
      core = begin();
    }

    private WorkerCore begin() {
      var next =
          new WorkerCore(
              new Incarnation("w", process),
              new CoreLimits(
                  SLOTS,
                  200,
                  100_000_000,
                  1_000,
                  Duration.ofMillis(1),
                  new CoreLimits.Waiting(100, Duration.ofSeconds(20))),
              new Judge(
                  RetryPolicies.all(new RetryPolicy(Duration.ofMillis(100), Duration.ofSeconds(1))),
                  new RetryBudget(0.2, 10),
                  new Random(1)),
              new Routes(Map.of(), (_, _) -> true, List.of()),
              actions,
              new NoMetrics());
      committed.forEach((partition, offset) -> {
        var restored = restored(offset);
        next.handle(
            new CoreEvent.Assigned(partition, TOPIC, restored.window(), restored.custody()), now);
        var records =
            Objects.requireNonNull(log.get(partition)).stream()
                .filter(record -> record.offset() >= offset.offset())
                .toList();
        next.handle(new CoreEvent.Polled(partition, records, JOBS), now);
      });
      return next;
    }

    private static WindowMetadata.Restored.Window restored(OffsetAndMetadata offset) {
      return (WindowMetadata.Restored.Window)
          WindowMetadata.read(offset.offset(), TOPIC, offset.metadata());
    }

    Set<Place> deadLettered() {
      var places = new HashSet<Place>();
      outcomes.forEach((place, outcome) -> {
        if (outcome instanceof Outcome.DeadLettered(Failure failure)) {
          assertThat(failure.code()).isEqualTo("crash_loop");
          places.add(place);
        }
      });
      return places;
    }

    int callsOf(Place place) {
      return calls.getOrDefault(place, 0);
    }

    private static Place place(Claim claim) {
      return new Place(claim.partition().partition(), claim.offset());
    }

    private static SourceRecord source(TopicPartition partition, long offset) {
      Instant accepted = Instant.parse("2026-11-21T07:00:00Z");
      var job =
          new Job(
              JobId.random(accepted),
              "simulated",
              new JobInput.Embed("text"),
              2,
              Duration.ofSeconds(30),
              accepted,
              null,
              Map.of());
      return new SourceRecord(
          partition, offset, new Decoded.Value<>(JobRecord.accepted(job)), null, 100, null);
    }
  }
}
