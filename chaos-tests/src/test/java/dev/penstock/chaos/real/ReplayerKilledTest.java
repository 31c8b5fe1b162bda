package dev.penstock.chaos.real;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.chaos.law.HistoryBuilder;
import dev.penstock.chaos.law.Recorded;
import dev.penstock.chaos.law.Submission;
import dev.penstock.chaos.real.ReplayJudgement.Place;
import dev.penstock.codec.Decoded;
import dev.penstock.codec.Json;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.JobRecord;
import dev.penstock.process.ChildJvm;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.Refusal;
import dev.penstock.replay.Tally;
import dev.penstock.topic.RecordHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Two plans that overlap replay dead letters, while workers run and replayers are killed at random
 * points and started again. {@code -Dpenstock.replay.letters} and {@code -Dpenstock.replay.kills}
 * make it longer, {@code -Dpenstock.replay.seed} draws the same kinds of kills again; when exactly
 * they come is up to the machine.
 */
@Timeout(1_200)
final class ReplayerKilledTest {
  /** How many dead letters plans select. */
  private static final int LETTERS = Integer.getInteger("penstock.replay.letters", 1_500);

  private static final int KILLS = Integer.getInteger("penstock.replay.kills", 6);

  /** From so many kills on, plans are hit more often while they are made. */
  private static final int MANY = 10;

  /** Dead letters that nobody selects. */
  private static final int UNSELECTED = LETTERS / 10;

  /** Jobs that have come back once, which is once too often for the first plan. */
  private static final int RETURNED = 20;

  private static final int POISON = 12;
  private static final int LINES = 40;
  private static final int SUBMITTED_AT_ONCE = 2_000;
  private static final int PAGE = 500;

  private static final Duration LONG = Duration.ofMinutes(4);
  private static final Duration LOOK = Duration.ofMillis(100);

  /** All jobs fail with this provider. */
  private static final String DOOMED = "doomed";

  private static final String SIMULATED = "simulated";

  private static final Map<String, String> WORKER =
      Map.ofEntries(
          Map.entry("worker.slots", "64"),
          Map.entry("worker.retry-base-delay", "100ms"),
          Map.entry("worker.retry-max-delay", "300ms"),
          Map.entry("worker.providers", SIMULATED + "," + DOOMED),
          Map.entry("worker.provider.doomed.type", "simulated"),
          Map.entry("worker.provider.doomed.invalid-rate", "1"),
          Map.entry("worker.provider.doomed.latency-mean", "20ms"),
          Map.entry("worker.provider.simulated.latency-mean", "100ms"),
          Map.entry("worker.provider.simulated.latency-sigma", "0.7"),
          Map.entry("worker.provider.simulated.failure-rate", "0.1"),
          Map.entry("worker.provider.simulated.invalid-rate", "0.05"));

  private static final PlanId ONCE = new PlanId("once");
  private static final PlanId BY_FILTER = new PlanId("by-filter");
  private static final PlanId BY_NAME = new PlanId("by-name");

  @RegisterExtension private final Processes processes = new Processes();

  /**
   * A kill.
   *
   * @param decided how many dead letters were decided about by then
   * @param owned the partitions that the victim owned
   */
  private record Kill(Instant at, long decided, Set<Integer> owned) {}

  @Test
  void eachSelectedJobHasOneNewGenerationHoweverOftenReplayersAreKilled() throws Exception {
    long seed = Long.getLong("penstock.replay.seed", System.nanoTime());
    System.out.println("ReplayerKilledTest: seed " + seed);
    var random = new Random(seed);
    var cluster = new Cluster(processes);
    cluster.startBroker();
    cluster.startApi();
    List<ChildJvm> others =
        List.of(
            cluster.startStreams(),
            cluster.startWorker("worker-1", WORKER),
            cluster.startWorker("worker-2", WORKER));
    try (var replayers = new Replayers(cluster)) {
      replayers.start();
      replayers.start();
      cluster.awaitReady();
      var history = new HistoryBuilder();
      bury(cluster, history);
      replayOnce(replayers);
      Map<Place, DeadLetter> letters = letters(cluster);
      Map<PlanId, Set<Place>> selected =
          Map.of(
              BY_FILTER, places(letters, 0, "first", "both"),
              BY_NAME, places(letters, 0, "second", "both"),
              ONCE, places(letters, 0, "returned"));
      assertThat(letters).hasSize(LETTERS + UNSELECTED + 2 * RETURNED);
      Set<Place> poison = poison(cluster);
      assertThat(poison).hasSize(POISON);
      long all = size(selected, BY_FILTER) + size(selected, BY_NAME);
      var kills = new ArrayList<Kill>();
      Map<Tripwire.Place, Instant> written;
      Instant begun = Instant.now();
      try (var tripwire = new Tripwire(cluster);
          var ledger = ledger(cluster)) {
        killWhilePlansAreMade(replayers, byName(letters, poison), random, kills);
        kill(replayers, tripwire, new Decisions(ledger), all, random, kills);
        awaitDone(replayers);
        cluster.observer().awaitQuiescence(Verdict.QUIESCENCE);
        written = tripwire.all();
      }
      Duration took = Duration.between(begun, Instant.now());
      others.forEach(ChildJvm::checkAlive);
      replayers.checkAlive();
      previewsAreRight(replayers, selected);
      auditIsSound(replayers);
      List<ReplayJudgement.Told> told =
          List.of(
              told(replayers, ONCE, selected, null),
              told(replayers, BY_FILTER, selected, SIMULATED),
              told(replayers, BY_NAME, selected, null));
      judge(cluster, history, told);
      report(told, kills, all, unfinished(written, history), took);
    }
  }

  // Before the kills

  /** Makes dead letters of jobs, and some of records that nobody can read. */
  private static void bury(Cluster cluster, HistoryBuilder history) throws Exception {
    int jobs = LETTERS + UNSELECTED + RETURNED;
    try (var client = new Client(cluster.api());
        var topic = new JobsTopic(cluster)) {
      for (int from = 0; from < jobs; from += SUBMITTED_AT_ONCE) {
        history.submissions.addAll(
            client.submit(
                IntStream.range(from, Math.min(jobs, from + SUBMITTED_AT_ONCE))
                    .mapToObj(ReplayerKilledTest::job)
                    .toList()));
      }
      for (int i = 0; i < POISON; i++) {
        history.planted.add(
            topic.plant(
                cluster.topics().jobs(),
                i % cluster.topics().partitions(),
                null,
                ("no job " + i).getBytes(StandardCharsets.UTF_8)));
      }
    }
    assertThat(history.submissions)
        .hasSize(jobs)
        .allMatch(submission -> submission.answer() instanceof Submission.Answer.Accepted);
    Observer observer = cluster.observer();
    await().atMost(LONG).until(() -> observer.finished() == jobs);
    observer.awaitQuiescence(Verdict.QUIESCENCE);
  }

  /** Each seventh is ordered, and each second of those blocks a line of its own. */
  private static Map<String, Object> job(int number) {
    var job = new HashMap<>(Client.job(number, 3));
    job.put("model", DOOMED);
    job.put("labels", Map.of("set", set(number)));
    if (number % 14 == 0) {
      job.put("orderingKey", "own line " + number);
      job.put("onDeadLetter", "block");
    } else if (number % 7 == 0) {
      job.put("orderingKey", "line " + number % LINES);
    }
    return job;
  }

  private static String set(int number) {
    if (number >= LETTERS) {
      return number < LETTERS + UNSELECTED ? "none" : "returned";
    }
    return switch (number % 10) {
      case 0, 1 -> "both";
      case 2, 3, 4, 5, 6, 7 -> "first";
      default -> "second";
    };
  }

  private static void replayOnce(Replayers replayers) throws InterruptedException {
    ObjectNode plan = plan(ONCE, 1_000);
    plan.putObject("selection").putObject("filter").putArray("label").add("set:returned");
    create(replayers, plan);
    confirm(replayers, ONCE);
    awaitState(replayers, ONCE, "done");
  }

  private static ObjectNode plan(PlanId id, int inFlight) {
    ObjectNode plan = Json.MAPPER.createObjectNode().put("id", id.text()).put("by", "ann");
    plan.putObject("pace").put("inFlight", inFlight);
    return plan;
  }

  /**
   * One plan selects by a filter, paced by time, and lets jobs run with another provider; jobs that
   * came back are refused.
   */
  private static ObjectNode byFilter() {
    ObjectNode plan = plan(BY_FILTER, 1_000).put("maxGeneration", 1);
    plan.putObject("selection")
        .putObject("filter")
        .putArray("label")
        .add("set:first")
        .add("set:both")
        .add("set:returned");
    plan.putObject("override").put("model", SIMULATED);
    // About a second of work between two kills.
    ((ObjectNode) plan.get("pace")).put("perSecond", Math.max(10, LETTERS * 0.8 / KILLS));
    return plan;
  }

  /** The other one names its dead letters, poison among them, and is paced by what is in flight. */
  private static ObjectNode byName(Map<Place, DeadLetter> letters, Set<Place> poison) {
    ObjectNode plan = plan(BY_NAME, 16);
    var named = plan.putObject("selection").putArray("letters");
    places(letters, 0, "second", "both", "returned").forEach(place -> named.add(place.toString()));
    poison.forEach(place -> named.add(place.toString()));
    return plan;
  }

  private static Set<Place> places(Map<Place, DeadLetter> letters, int generation, String... sets) {
    Set<String> wanted = Set.of(sets);
    return letters.entrySet().stream()
        .filter(each ->
            each.getValue().generation() == generation
                && wanted.contains(each.getValue().job().labels().get("set")))
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  private static void create(Replayers replayers, JsonNode plan) throws InterruptedException {
    Replayers.Answer made = replayers.post("/v1/replays", plan);
    assertThat(made.status()).as("%s", made.json()).isEqualTo(202);
    awaitState(replayers, new PlanId(plan.path("id").asString()), "draft");
  }

  private static void confirm(Replayers replayers, PlanId id) throws InterruptedException {
    Replayers.Answer confirmed = replayers.post("/v1/replays/" + id + "/confirm", by());
    assertThat(confirmed.status()).as("%s", confirmed.json()).isEqualTo(200);
  }

  private static JsonNode by() {
    return Json.MAPPER.createObjectNode().put("by", "bob");
  }

  private static void awaitState(Replayers replayers, PlanId id, String state)
      throws InterruptedException {
    long deadline = System.nanoTime() + LONG.toNanos();
    JsonNode last = show(replayers, id);
    while (!last.path("state").asString().equals(state)) {
      assertThat(System.nanoTime()).as("%s is %s: %s", id, state, last).isLessThan(deadline);
      Thread.sleep(LOOK);
      last = show(replayers, id);
    }
  }

  private static JsonNode show(Replayers replayers, PlanId id) throws InterruptedException {
    Replayers.Answer answer = replayers.get("/v1/replays/" + id);
    assertThat(answer.status()).as("%s", answer.json()).isEqualTo(200);
    return answer.json();
  }

  // The kills

  /**
   * Of those who coordinate, one dies about when a plan is made, or when it is confirmed; where
   * there are many kills, one each time.
   */
  private static void killWhilePlansAreMade(
      Replayers replayers, JsonNode byName, Random random, List<Kill> kills)
      throws InterruptedException {
    boolean whenMade = random.nextBoolean();
    JsonNode byFilter = byFilter();
    if (whenMade || KILLS >= MANY) {
      killCoordinator(replayers, "/v1/replays", byFilter, random, kills);
    }
    create(replayers, byFilter);
    create(replayers, byName);
    if (!whenMade || KILLS >= MANY) {
      killCoordinator(replayers, "/v1/replays/" + BY_FILTER + "/confirm", by(), random, kills);
    }
    confirm(replayers, BY_FILTER);
    confirm(replayers, BY_NAME);
  }

  private static void killCoordinator(
      Replayers replayers, String path, JsonNode json, Random random, List<Kill> kills)
      throws InterruptedException {
    Map<Integer, Integer> owners = awaitOwners(replayers, 0);
    int coordinator = Objects.requireNonNull(owners.get(0));
    replayers.postAndForget(coordinator, path, json);
    Thread.sleep(random.nextInt(200));
    kill(replayers, coordinator, owners, 0, kills);
    replayers.start();
  }

  private static Map<Integer, Integer> awaitOwners(Replayers replayers, int partition)
      throws InterruptedException {
    long deadline = System.nanoTime() + LONG.toNanos();
    Map<Integer, Integer> owners = replayers.owners();
    while (!owners.containsKey(partition)) {
      assertThat(System.nanoTime()).as("someone owns partition %d", partition).isLessThan(deadline);
      Thread.sleep(LOOK);
      owners = replayers.owners();
    }
    return owners;
  }

  private static void kill(
      Replayers replayers, int port, Map<Integer, Integer> owners, long decided, List<Kill> kills)
      throws InterruptedException {
    replayers.kill(port);
    kills.add(
        new Kill(
            Instant.now(),
            decided,
            owners.entrySet().stream()
                .filter(each -> each.getValue() == port)
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet())));
  }

  /** What both plans have come to, as far as it is committed. */
  private static final class Decisions {
    private final CommittedReader ledger;
    private final Map<String, Long> progress = new HashMap<>();

    Decisions(CommittedReader ledger) {
      this.ledger = ledger;
    }

    long decided() {
      for (ConsumerRecord<byte[], byte[]> record : ledger.toEnd()) {
        if (JsonCodec.LEDGER.decode(record.value())
                instanceof Decoded.Value<LedgerRecord>(LedgerRecord.Progress last)
            && !last.plan().equals(ONCE)) {
          progress.put(last.plan() + " " + record.partition(), last.tally().decided());
        }
      }
      return progress.values().stream().mapToLong(Long::longValue).sum();
    }
  }

  /**
   * Kills spread over the progress of the replay: at once, some time later, or when something was
   * written and is not committed. Who was killed is started again, but not always at once.
   */
  private static void kill(
      Replayers replayers,
      Tripwire tripwire,
      Decisions decisions,
      long all,
      Random random,
      List<Kill> kills)
      throws InterruptedException {
    int more = KILLS - kills.size();
    for (int i = 0; i < more; i++) {
      long target = (long) (all * (i + random.nextDouble()) / more);
      long deadline = System.nanoTime() + LONG.toNanos();
      while (decisions.decided() < target || replayers.owners().isEmpty()) {
        assertThat(System.nanoTime()).as("%d are decided in time", target).isLessThan(deadline);
        var _ = tripwire.look();
      }
      int way = random.nextInt(6);
      if (way == 1) {
        Thread.sleep(random.nextInt(400));
      }
      Map<Integer, Integer> owners = replayers.owners();
      List<Integer> atWork = owners.values().stream().distinct().sorted().toList();
      int victim = atWork.get(random.nextInt(atWork.size()));
      if (way >= 2) {
        victim =
            tripwire
                .next(owners.keySet(), Duration.ofSeconds(2))
                .map(partition -> Objects.requireNonNull(owners.get(partition)))
                .orElse(victim);
      }
      kill(replayers, victim, owners, decisions.decided(), kills);
      if (replayers.count() == 0 || random.nextInt(5) > 0) {
        replayers.start();
      }
      if (replayers.count() == 1 && random.nextInt(3) > 0) {
        replayers.start();
      }
    }
  }

  private static void awaitDone(Replayers replayers) throws InterruptedException {
    for (PlanId id : List.of(BY_FILTER, BY_NAME)) {
      awaitState(replayers, id, "done");
    }
  }

  // What came of it

  /** By the topics: what the laws say, and what the test knows and was told. */
  private static void judge(
      Cluster cluster, HistoryBuilder history, List<ReplayJudgement.Told> told) {
    Observer observer = cluster.observer();
    observer.record(history);
    var accepted = new ArrayList<Recorded<JobRecord>>();
    observer.decodeAll(cluster.topics().accepted(), JsonCodec.JOB_RECORDS, accepted);
    assertThat(
            new ReplayJudgement(history, accepted.stream().map(Recorded::value).toList(), told)
                .findings())
        .isEmpty();
    assertThat(history.plans).as("the laws have plans to judge").isNotEmpty();
    Verdict.check(history.build(), 0);
  }

  private static void previewsAreRight(Replayers replayers, Map<PlanId, Set<Place>> selected)
      throws InterruptedException {
    Map<PlanId, Map<String, Integer>> refused =
        Map.of(
            ONCE, Map.of(),
            BY_FILTER, Map.of("returned-too-often", RETURNED),
            BY_NAME, Map.of("already-resolved", RETURNED, "poison", POISON));
    for (Map.Entry<PlanId, Set<Place>> each : selected.entrySet()) {
      JsonNode preview = show(replayers, each.getKey()).path("preview");
      assertThat(preview.path("selected").asInt())
          .as("%s", each.getKey())
          .isEqualTo(each.getValue().size());
      var told = new HashMap<String, Integer>();
      preview
          .path("refused")
          .forEach(one -> told.put(one.path("reason").asString(), one.path("count").asInt()));
      assertThat(told).as("%s", each.getKey()).isEqualTo(refused.get(each.getKey()));
    }
  }

  /** Each step of each plan is told once. */
  private static void auditIsSound(Replayers replayers) throws InterruptedException {
    JsonNode verdict = replayers.get("/v1/audit/verification").json();
    assertThat(verdict.path("sound").asBoolean()).as("%s", verdict).isTrue();
    for (PlanId id : List.of(ONCE, BY_FILTER, BY_NAME)) {
      assertThat(
              replayers
                  .get("/v1/audit?plan=" + id)
                  .json()
                  .path("entries")
                  .findValuesAsString("did"))
          .as("%s", id)
          .containsExactly("done", "confirm", "draft", "create");
    }
  }

  private static ReplayJudgement.Told told(
      Replayers replayers, PlanId id, Map<PlanId, Set<Place>> selected, @Nullable String model)
      throws InterruptedException {
    JsonNode progress = show(replayers, id).path("progress");
    var refused = new EnumMap<Refusal, Long>(Refusal.class);
    progress
        .path("refused")
        .propertyStream()
        .forEach(each -> refused.put(Refusal.of(each.getKey()), each.getValue().asLong()));
    var tally =
        new Tally(
            progress.path("replayed").asLong(),
            progress.path("discarded").asLong(),
            progress.path("purged").asLong(),
            refused,
            progress.path("succeeded").asLong(),
            progress.path("deadLettered").asLong(),
            progress.path("cancelled").asLong(),
            progress.path("expired").asLong(),
            progress.path("unknown").asLong(),
            progress.path("cancelsAsked").asLong());
    return new ReplayJudgement.Told(
        id, Objects.requireNonNull(selected.get(id)), model, tally, differences(replayers, id));
  }

  private static Map<Place, Refusal> differences(Replayers replayers, PlanId id)
      throws InterruptedException {
    var differences = new LinkedHashMap<Place, Refusal>();
    String cursor = "";
    do {
      JsonNode page =
          replayers.get("/v1/replays/" + id + "/differences?limit=" + PAGE + cursor).json();
      page.path("differences")
          .forEach(each -> {
            String[] place = each.path("letter").asString().split("-", 2);
            Refusal before =
                differences.put(
                    new Place(Integer.parseInt(place[0]), Long.parseLong(place[1])),
                    Refusal.of(each.path("reason").asString()));
            assertThat(before).as("%s is told once", each).isNull();
          });
      String next = page.path("next").asString("");
      cursor = next.isEmpty() ? "" : "&cursor=" + next;
    } while (!cursor.isEmpty());
    return differences;
  }

  private static long size(Map<PlanId, Set<Place>> selected, PlanId id) {
    return Objects.requireNonNull(selected.get(id)).size();
  }

  private static CommittedReader ledger(Cluster cluster) {
    String topic = cluster.topics().dlqLedger();
    return new CommittedReader(
        cluster.bootstrap(),
        topic,
        IntStream.range(0, cluster.topics().partitions())
            .mapToObj(partition -> new TopicPartition(topic, partition))
            .toList());
  }

  /** Dead letters of jobs, by where they stand. */
  private static Map<Place, DeadLetter> letters(Cluster cluster) {
    var letters = new HashMap<Place, DeadLetter>();
    for (ConsumerRecord<byte[], byte[]> record :
        cluster.observer().read(cluster.topics().deadLetters())) {
      if (!isPoison(record)
          && JsonCodec.DEAD_LETTERS.decode(record.value())
              instanceof Decoded.Value<DeadLetter>(DeadLetter letter)) {
        letters.put(new Place(record.partition(), record.offset()), letter);
      }
    }
    return letters;
  }

  private static Set<Place> poison(Cluster cluster) {
    return cluster.observer().read(cluster.topics().deadLetters()).stream()
        .filter(ReplayerKilledTest::isPoison)
        .map(record -> new Place(record.partition(), record.offset()))
        .collect(Collectors.toSet());
  }

  private static boolean isPoison(ConsumerRecord<byte[], byte[]> record) {
    return new String(
            record.headers().lastHeader(RecordHeaders.DEAD_LETTER).value(), StandardCharsets.UTF_8)
        .equals("poison");
  }

  /** What was written and never committed. */
  private static Map<Tripwire.Place, Instant> unfinished(
      Map<Tripwire.Place, Instant> written, HistoryBuilder history) {
    var unfinished = new HashMap<>(written);
    Stream.concat(history.jobs.stream(), history.ledger.stream())
        .forEach(each ->
            unfinished.remove(new Tripwire.Place(each.topic(), each.partition(), each.offset())));
    return unfinished;
  }

  private static void report(
      List<ReplayJudgement.Told> told,
      List<Kill> kills,
      long all,
      Map<Tripwire.Place, Instant> unfinished,
      Duration took) {
    var met = new HashSet<Kill>();
    unfinished.forEach((place, at) ->
        kills.stream()
            .filter(kill -> !kill.at.isBefore(at) && kill.owned.contains(place.partition()))
            .findFirst()
            .ifPresent(met::add));
    System.out.println(
        kills.size()
            + " replayers were killed in "
            + took.toSeconds()
            + " s, "
            + kills.stream().filter(kill -> kill.decided < all).count()
            + " before all was decided, "
            + kills.stream().filter(kill -> !kill.owned.isEmpty()).count()
            + " of them owners, "
            + met.size()
            + " in the middle of a transaction; "
            + unfinished.size()
            + " records were written and never committed");
    for (ReplayJudgement.Told plan : told) {
      System.out.println(
          plan.id()
              + " selected "
              + plan.selected().size()
              + ", differences "
              + plan.differences().values().stream()
                  .collect(
                      Collectors.groupingBy(Refusal::wireName, TreeMap::new, Collectors.counting()))
              + ", "
              + plan.tally());
    }
  }
}
