package dev.penstock.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.JobId;
import dev.penstock.streams.view.JobLife;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@SuppressWarnings("NullAway.Init")
final class LifeStoreTest {
  private static final List<JobId> JOBS =
      IntStream.range(0, 40).mapToObj(i -> JobId.random(Instant.ofEpochMilli(1_000 + i))).toList();

  private KeyValueStore<JobId, JobLife> below;
  private LifeStore store;

  @BeforeEach
  void open() {
    below =
        Stores.keyValueStoreBuilder(
                Stores.inMemoryKeyValueStore("lives"), new JobIdSerde(), new JobLifeSerde())
            .withCachingDisabled()
            .withLoggingDisabled()
            .build();
    store = new LifeStore(below);
    store.init(new MockProcessorContext<Void, Void>().getStateStoreContext(), store);
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Test
  void whatWasPutIsReadAtOnceAndWrittenWithTheCommit() {
    JobId job = JOBS.getFirst();
    store.put(job, life(1));
    assertThat(store.get(job)).isEqualTo(life(1));
    assertThat(below.get(job)).isNull();
    store.flushCache();
    assertThat(below.get(job)).isEqualTo(life(1));
    assertThat(store.get(job)).isEqualTo(life(1));
  }

  @Test
  void whatWasNotWrittenIsForgottenWithTheTask() {
    JobId job = JOBS.getFirst();
    store.put(job, life(1));
    store.flushCache();
    store.put(job, life(2));
    store.clearCache();
    assertThat(store.get(job)).isEqualTo(life(1));
  }

  @Test
  void aStoreThatIsOpenedAnewKnowsOnlyWhatIsBelow() {
    JobId job = JOBS.getFirst();
    store.put(job, life(1));
    store.flushCache();
    store.put(JOBS.getLast(), life(1));
    store.close();
    // What a dirty close leaves is wiped.
    store.init(new MockProcessorContext<Void, Void>().getStateStoreContext(), store);
    below.delete(job);
    assertThat(store.get(job)).isNull();
    assertThat(store.get(JOBS.getLast())).isNull();
  }

  @Test
  void itWritesBeforeTheCommitWhenItHoldsMuch() {
    for (int i = 0; i <= LifeStore.MAX_WEIGHT; i++) {
      store.put(JobId.random(Instant.ofEpochMilli(i)), life(1));
    }
    assertThat(below.approximateNumEntries()).isEqualTo(LifeStore.MAX_WEIGHT + 1);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void itHoldsWhatASortedMapHolds(long seed) {
    var random = new Random(seed);
    var expected = new TreeMap<JobId, JobLife>();
    for (int step = 0; step < 2_000; step++) {
      JobId job = JOBS.get(random.nextInt(JOBS.size()));
      JobId other = JOBS.get(random.nextInt(JOBS.size()));
      switch (random.nextInt(8)) {
        case 0, 1, 2 -> {
          JobLife life = life(random.nextInt(1_000));
          store.put(job, life);
          expected.put(job, life);
        }
        case 3, 4 -> assertThat(store.delete(job)).isEqualTo(expected.remove(job));
        case 5 -> store.flushCache();
        case 6 -> assertThat(store.get(job)).isEqualTo(expected.get(job));
        default ->
            assertThat(read(store.range(job, other)))
                .isEqualTo(
                    job.compareTo(other) > 0
                        ? List.of()
                        : pairs(expected.subMap(job, true, other, true)));
      }
    }
    assertThat(read(store.all())).isEqualTo(pairs(expected));
  }

  private static JobLife life(int generation) {
    return new JobLife(generation, null, null, List.of(), null, -1, null);
  }

  private static List<KeyValue<JobId, JobLife>> pairs(Map<JobId, JobLife> map) {
    return map.entrySet().stream()
        .map(each -> KeyValue.pair(each.getKey(), each.getValue()))
        .toList();
  }

  private static List<KeyValue<JobId, JobLife>> read(KeyValueIterator<JobId, JobLife> all) {
    var read = new ArrayList<KeyValue<JobId, JobLife>>();
    try (all) {
      while (all.hasNext()) {
        JobId peeked = all.peekNextKey();
        read.add(all.next());
        assertThat(read.getLast().key).isEqualTo(peeked);
      }
    }
    return read;
  }
}
