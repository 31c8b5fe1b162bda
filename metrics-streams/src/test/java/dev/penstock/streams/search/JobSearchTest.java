package dev.penstock.streams.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobRecord;
import dev.penstock.streams.Lives;
import dev.penstock.streams.query.Peers;
import dev.penstock.streams.view.Input;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Over several partitions of one instance. */
@SuppressWarnings("NullAway.Init")
@Timeout(120)
final class JobSearchTest {
  private static final int PARTITIONS = 3;

  @TempDir Path directory;
  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);
  private final List<FakePartition> partitions = new ArrayList<>();
  private final List<PartitionIndexer> indexers = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private Peers peers;
  private JobSearch search;

  @BeforeEach
  void start() {
    for (int i = 0; i < PARTITIONS; i++) {
      var partition = new FakePartition(i);
      var pending = new Pending(SearchText.ALL, new Pending.Room(16 << 20));
      partition.begin(partition.snapshot(), SearchText.ALL, pending);
      var indexer =
          new PartitionIndexer(
              partition,
              pending,
              new PartitionIndexer.Setup(
                  directory,
                  SearchText.ALL,
                  partition,
                  Duration.ofDays(365),
                  Duration.ofMillis(3),
                  Duration.ofMillis(50),
                  new Semaphore(1),
                  InstantSource.system()));
      partitions.add(partition);
      indexers.add(indexer);
      threads.add(Thread.ofPlatform().daemon().start(indexer));
    }
    peers = new Peers(List::of, Duration.ofSeconds(1), 1 << 20);
    search =
        new JobSearch(new LocalSearch(() -> indexers, Duration.ofSeconds(30)), peers, PARTITIONS);
  }

  @AfterEach
  void stop() throws InterruptedException {
    indexers.forEach(PartitionIndexer::stop);
    for (Thread thread : threads) {
      thread.join();
    }
    peers.close();
  }

  @Test
  void filtersAndFacetsTellWhatTheSummariesTell() throws Exception {
    fill(300);
    List<JobSummary> all = list("limit=500");
    assertThat(all).as("seed " + seed).hasSize(300);
    for (int i = 0; i < 40; i++) {
      String state = pick("queued", "running", "waiting", "succeeded", "dead-lettered");
      String more = pick("queued", "cancelled", "succeeded");
      String tenant = pick("acme", "default");
      String label = pick("team:blue", "team:red", "team:green");
      Instant from = all.get(random.nextInt(all.size())).acceptedAt();
      JobPage page =
          search.search(
              SearchRequest.parse(
                  "limit=500&state="
                      + state
                      + ","
                      + more
                      + "&tenant="
                      + tenant
                      + "&label="
                      + label
                      + "&from="
                      + from
                      + "&facets=state,model,priority&facets=label"));
      List<JobSummary> expected =
          all.stream()
              .filter(job -> List.of(state, more).contains(job.state()))
              .filter(job -> job.tenant().equals(tenant))
              .filter(job -> label.equals("team:" + job.labels().get("team")))
              .filter(job -> !job.acceptedAt().isBefore(from.truncatedTo(ChronoUnit.MILLIS)))
              .toList();
      assertThat(page.jobs()).as("seed " + seed).isEqualTo(expected);
      assertThat(page.total()).isEqualTo(new JobPage.Total(expected.size(), true));
      assertCounted(page, "state", expected, JobSummary::state);
      assertCounted(page, "model", expected, JobSummary::model);
      assertCounted(page, "priority", expected, JobSummary::priority);
      assertCounted(page, "label", expected, job -> "team:" + job.labels().get("team"));
    }
    assertThat(list("limit=500&code=invalid_request"))
        .isEqualTo(all.stream().filter(job -> "invalid_request".equals(job.code())).toList());
    assertThat(list("limit=500&provider=local"))
        .isEqualTo(all.stream().filter(job -> "local".equals(job.provider())).toList());
    assertThat(list("limit=500&kind=embed")).isEmpty();
  }

  @Test
  void pagesHoldEachJobOnceThatDoesNotChange() throws Exception {
    fill(200);
    for (String sort :
        List.of("-acceptedAt", "acceptedAt", "-finishedAt", "-costNanos", "-durationMillis")) {
      List<JobId> inOne = list("limit=500&sort=" + sort).stream().map(JobSummary::id).toList();
      var inPages = new ArrayList<JobId>();
      String cursor = null;
      do {
        JobPage page = page(sort, 7, cursor);
        page.jobs().forEach(job -> inPages.add(job.id()));
        cursor = page.next();
      } while (cursor != null);
      assertThat(inPages).as(sort + ", seed " + seed).isEqualTo(inOne);
    }
  }

  @Test
  void pagesNeitherSkipNorRepeatWhileOtherJobsCome() throws Exception {
    fill(150);
    Set<JobId> before = list("limit=500").stream().map(JobSummary::id).collect(Collectors.toSet());
    var stop = new AtomicBoolean();
    Thread writing =
        Thread.ofPlatform()
            .start(() -> {
              while (!stop.get()) {
                FakePartition partition = partitions.get(random.nextInt(PARTITIONS));
                Job job = SomeJobs.random(new Random(), Instant.now());
                partition.append(JobRecord.accepted(job));
                partition.append(Lives.started(job.id(), 0, 1, "w", Instant.now()));
                partition.foldAll();
                // An index that falls 30 s behind is not searched.
                LockSupport.parkNanos(2_000_000);
              }
            });
    try {
      for (int round = 0; round < 3; round++) {
        for (String sort : List.of("-acceptedAt", "acceptedAt")) {
          var seen = new HashSet<JobId>();
          String cursor = null;
          do {
            JobPage page = page(sort, 20, cursor);
            for (JobSummary job : page.jobs()) {
              assertThat(seen.add(job.id())).as("twice; seed " + seed).isTrue();
            }
            cursor = page.next();
          } while (cursor != null && !seen.containsAll(before));
          assertThat(seen).as("seed " + seed).containsAll(before);
        }
      }
    } finally {
      stop.set(true);
      writing.join();
    }
  }

  @Test
  void aCursorIsOfItsOrder() throws Exception {
    fill(20);
    JobPage page = page("-acceptedAt", 5, null);
    assertThat(page.next()).isNotNull();
    assertThatThrownBy(() -> page("acceptedAt", 5, page.next()))
        .isInstanceOf(InvalidParameterException.class)
        .hasMessageContaining("another order");
    assertThatThrownBy(() -> page("acceptedAt", 5, "bm90aGluZw"))
        .isInstanceOf(InvalidParameterException.class);
  }

  @Test
  void aPartitionThatIsNotReadyIsNeverLeftOut() throws Exception {
    fill(20);
    partitions.get(1).breakDown();
    assertThatThrownBy(() -> list("limit=500")).isInstanceOf(LocalSearch.NotReadyException.class);
  }

  @Test
  void aPartitionThatNobodyHasIsNeverLeftOut() throws Exception {
    fill(20);
    List<PartitionIndexer> two = indexers.subList(0, 2);
    var some = new JobSearch(new LocalSearch(() -> two, Duration.ofSeconds(30)), peers, PARTITIONS);
    assertThatThrownBy(() -> some.search(SearchRequest.parse("")))
        .isInstanceOf(LocalSearch.NotReadyException.class)
        .hasMessageContaining("partition 2");
  }

  @Test
  void whatCanNotBeAskedIsRefused() {
    for (String wrong :
        List.of(
            "colour=red",
            "state=done",
            "kind=x",
            "priority=urgent",
            "label=noname",
            "limit=0",
            "limit=501",
            "limit=x",
            "sort=id",
            "sort=finishedAt",
            "from=yesterday",
            "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
            "q=*a",
            "q=a&q=b",
            "facets=id",
            "cursor=x",
            "tenant=",
            "q=%zz",
            "state=" + "queued,".repeat(10) + "x")) {
      assertThatThrownBy(() -> SearchRequest.parse(wrong))
          .as(wrong)
          .isInstanceOfSatisfying(
              InvalidParameterException.class,
              e -> {
                assertThat(e.problem().status()).isEqualTo(400);
                assertThat(e.problem().code()).isEqualTo("invalid_parameter");
                assertThat(e.problem().errors()).hasSize(1);
              });
    }
  }

  @Test
  void aRequestIsToldToOthersAsItIs() {
    String text =
        "limit=7&sort=-costNanos&state=queued&state=running&label=a%3Ab%2Cc&q=%22a+b%22+cd*"
            + "&from=2026-01-01T00%3A00%3A00.000000001Z&facets=kind";
    SearchRequest request = SearchRequest.parse(text);
    assertThat(SearchRequest.parse(request.toQueryString())).isEqualTo(request);
    SearchRequest next = request.page(new Place(Long.MIN_VALUE, JobId.random(Instant.now())), 3);
    assertThat(SearchRequest.parse(next.toQueryString())).isEqualTo(next);
  }

  private String pick(String... some) {
    return some[random.nextInt(some.length)];
  }

  private static void assertCounted(
      JobPage page, String facet, List<JobSummary> jobs, Function<JobSummary, String> value) {
    Map<String, Long> counted = new TreeMap<>();
    java.util.Objects.requireNonNull(page.facets())
        .getOrDefault(facet, List.of())
        .forEach(each -> counted.put(each.value(), each.count()));
    assertThat(counted)
        .isEqualTo(
            new TreeMap<>(
                jobs.stream().collect(Collectors.groupingBy(value, Collectors.counting()))));
  }

  private JobPage page(String sort, int limit, @Nullable String cursor) throws Exception {
    return search.search(
        SearchRequest.parse(
            "sort=" + sort + "&limit=" + limit + (cursor == null ? "" : "&cursor=" + cursor)));
  }

  private List<JobSummary> list(String query) throws Exception {
    return search.search(SearchRequest.parse(query)).jobs();
  }

  /** Jobs with lives, some of the same millisecond, all of them searchable. */
  private void fill(int jobs) {
    Instant start = Instant.now().minusSeconds(60);
    for (int i = 0; i < jobs; i++) {
      Job job = SomeJobs.random(random, start.plusMillis(i / 3));
      FakePartition partition = partitions.get(random.nextInt(PARTITIONS));
      List<Object> life = SomeJobs.life(job, random);
      life.subList(0, 1 + random.nextInt(life.size())).forEach(partition::append);
    }
    Instant now = Instant.now();
    for (FakePartition partition : partitions) {
      for (Input input : Input.values()) {
        while (partition.fold(input)) {
          // the next one
        }
      }
    }
    Instant folded = Instant.now();
    assertThat(folded).isAfterOrEqualTo(now);
    for (PartitionIndexer indexer : indexers) {
      Awaitility.await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> FakePartition.isUpToDate(indexer, folded));
    }
  }
}
