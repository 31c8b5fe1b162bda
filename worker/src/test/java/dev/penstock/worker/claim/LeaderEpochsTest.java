package dev.penstock.worker.claim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

final class LeaderEpochsTest {
  private static final TopicPartition JOBS = new TopicPartition("jobs", 0);

  private final LeaderEpochs epochs = new LeaderEpochs();

  @Test
  void anOffsetHasTheEpochOfTheFirstPositionThatIsNotBelowIt() {
    epochs.begin(JOBS, at(10, 3));
    epochs.pass(JOBS, at(20, 3));
    epochs.pass(JOBS, at(30, 4));
    assertThat(epochOf(10)).hasValue(3);
    assertThat(epochOf(20)).hasValue(3);
    // Epoch 3 may have ended at 20: only 4 is known to have reached what lies beyond.
    assertThat(epochOf(21)).hasValue(4);
    assertThat(epochOf(30)).hasValue(4);
  }

  @Test
  void whatWasNotPassedUnderAKnownEpochHasNone() {
    epochs.begin(JOBS, new OffsetAndMetadata(10));
    epochs.pass(JOBS, new OffsetAndMetadata(15));
    assertThat(epochOf(10)).isEmpty();
    epochs.pass(JOBS, at(20, 1));
    assertThat(epochOf(21)).isEmpty();
  }

  @Test
  void theNextOwnersOffsetsHaveNoEpochFromHere() {
    epochs.begin(JOBS, at(10, 3));
    epochs.forget(List.of(JOBS));
    epochs.pass(JOBS, at(20, 3));
    assertThat(epochOf(15)).isEmpty();
    epochs.begin(JOBS, at(40, 5));
    assertThat(epochOf(40)).hasValue(5);
  }

  @Test
  void offsetAndMetadataStayAsTheyAre() {
    epochs.begin(JOBS, at(10, 3));
    assertThat(epochs.stamp(Map.of(JOBS, new OffsetAndMetadata(10, "window"))))
        .containsExactly(Map.entry(JOBS, new OffsetAndMetadata(10, Optional.of(3), "window")));
  }

  private Optional<Integer> epochOf(long offset) {
    return epochs.stamp(Map.of(JOBS, new OffsetAndMetadata(offset))).values().stream()
        .findFirst()
        .flatMap(OffsetAndMetadata::leaderEpoch);
  }

  private static OffsetAndMetadata at(long offset, int epoch) {
    return new OffsetAndMetadata(offset, Optional.of(epoch), "");
  }
}
