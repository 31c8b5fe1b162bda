package dev.penstock.worker.window;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Random;
import java.util.TreeSet;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PartitionWindowTest {
  private static final Uuid TOPIC = Uuid.randomUuid();
  private static final Custody CUSTODY = new Custody(-5, 255, -1, false, 0);

  @Test
  void theWatermarkIsTheLowestUnfinishedOffset() {
    var window = new PartitionWindow(10);
    assertThat(window.watermark()).isEqualTo(10);
    window.add(10);
    window.add(11);
    window.add(12);
    window.finish(11);
    assertThat(window.watermark()).isEqualTo(10);
    window.finish(10);
    assertThat(window.watermark()).isEqualTo(12);
    window.finish(12);
    assertThat(window.watermark()).isEqualTo(13);
  }

  @Test
  void gapsCountAsFinished() {
    var window = new PartitionWindow(0);
    window.add(3);
    assertThat(window.watermark()).isEqualTo(3);
    assertThat(window.isFinished(1)).isTrue();
    window.finish(3);
    window.passTo(9);
    assertThat(window.watermark()).isEqualTo(9);
  }

  /**
   * Against a plain model, through random claims, gaps, completions and hand-overs to a next owner.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
  void behavesLikeASetOfUnfinishedOffsetsAlsoAfterHandOvers(long seed) {
    var random = new Random(seed);
    long start = random.nextInt(1_000);
    var window = new PartitionWindow(start);
    var unfinished = new TreeSet<Long>();
    long end = start;
    int spread = 1 + random.nextInt(200);
    for (int step = 0; step < 20_000; step++) {
      int dice = random.nextInt(100);
      if (dice < 45) {
        long offset = end + (random.nextInt(10) == 0 ? random.nextInt(spread * 5) : 0);
        if (window.admits(offset)) {
          window.add(offset);
          unfinished.add(offset);
          end = offset + 1;
        }
      } else if (dice < 97) {
        if (!unfinished.isEmpty()) {
          var near = new ArrayList<>(unfinished.headSet(unfinished.first() + spread));
          long offset = near.get(random.nextInt(near.size()));
          window.finish(offset);
          unfinished.remove(offset);
        }
      } else if (dice < 98) {
        end += random.nextInt(50);
        window.passTo(end);
      } else {
        String metadata = WindowMetadata.write(TOPIC, window, CUSTODY);
        assertThat(metadata.length()).isLessThanOrEqualTo(WindowMetadata.MAX_CHARS);
        long watermark = window.watermark();
        assertThat(WindowMetadata.read(watermark, TOPIC, metadata))
            .isInstanceOfSatisfying(
                WindowMetadata.Restored.Window.class,
                restored -> {
                  assertThat(restored.custody()).isEqualTo(CUSTODY);
                  for (long offset = watermark; offset < restored.window().end(); offset++) {
                    assertThat(restored.window().isUnfinished(offset))
                        .as("seed %s, offset %s", seed, offset)
                        .isEqualTo(unfinished.contains(offset));
                  }
                  // What lies beyond is unfinished or unseen, so the next owner takes it on anew.
                  assertThat(unfinished.tailSet(restored.window().end()))
                      .allMatch(offset -> !restored.window().isFinished(offset));
                });
      }
      assertThat(window.watermark()).isEqualTo(unfinished.isEmpty() ? end : unfinished.first());
      assertThat(window.unfinished()).isEqualTo(unfinished.size());
    }
  }

  /**
   * The worst the admission allows: whatever is finished afterwards, in whatever order, the
   * metadata fits.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void whatIsAdmittedFitsTheMetadataWhateverIsFinished(long seed) {
    var random = new Random(seed);
    var window = new PartitionWindow(0);
    var unfinished = new ArrayList<Long>();
    long offset = 0;
    int refusals = 0;
    int maxGap = 1 + random.nextInt(400);
    window.add(offset);
    for (int i = 0; i < 60_000 && refusals < 100; i++) {
      offset = window.end() + random.nextInt(maxGap);
      if (!window.admits(offset)) {
        refusals++;
        continue;
      }
      window.add(offset);
      if (random.nextInt(100) < 60) {
        window.finish(offset);
      } else {
        unfinished.add(offset);
      }
    }
    while (!unfinished.isEmpty()) {
      int index = random.nextInt(unfinished.size());
      window.finish(unfinished.set(index, unfinished.getLast()));
      unfinished.removeLast();
      if (unfinished.size() % 50 == 0) {
        assertThat(WindowMetadata.write(TOPIC, window, CUSTODY).length())
            .isLessThanOrEqualTo(WindowMetadata.MAX_CHARS);
      }
    }
  }

  @Test
  void aStuckJobDoesNotStopItsPartitionWhileFewOthersAreUnfinished() {
    var window = new PartitionWindow(0);
    window.add(0);
    for (long offset = 1; offset < 1_000_000; offset++) {
      assertThat(window.admits(offset)).isTrue();
      window.add(offset);
      window.finish(offset);
    }
    assertThat(window.watermark()).isZero();
    assertThat(WindowMetadata.write(TOPIC, window, CUSTODY).length()).isLessThan(100);
  }

  @Test
  void metadataOfATopicThatWasMadeAnewIsNotBelieved() {
    var window = new PartitionWindow(0);
    window.add(0);
    String metadata = WindowMetadata.write(TOPIC, window, CUSTODY);
    assertThat(WindowMetadata.read(0, Uuid.randomUuid(), metadata))
        .isInstanceOfSatisfying(
            WindowMetadata.Restored.Unreadable.class,
            unreadable -> assertThat(unreadable.reason()).contains("made anew"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"x", "p1.", "p1.!!!!", "p2.AAAA", "p1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "{}"})
  void damagedMetadataIsUnknownNeverEmpty(String metadata) {
    assertThat(WindowMetadata.read(0, TOPIC, metadata))
        .isInstanceOf(WindowMetadata.Restored.Unreadable.class);
  }

  @Test
  void metadataThatWasCutIsUnknown() {
    var window = new PartitionWindow(0);
    for (int i = 0; i < 200; i++) {
      window.add(i);
      if (i % 3 == 1) {
        window.finish(i);
      }
    }
    String metadata = WindowMetadata.write(TOPIC, window, CUSTODY);
    for (int i = 0; i < metadata.length(); i++) {
      String cut = metadata.substring(0, i);
      if (!cut.isEmpty()) {
        assertThat(WindowMetadata.read(0, TOPIC, cut))
            .as("cut to %s characters", i)
            .isInstanceOf(WindowMetadata.Restored.Unreadable.class);
      }
    }
  }

  @Test
  void aSuspectStandsInTheMetadataUntilTheWatermarkPassesIt() {
    var window = new PartitionWindow(100);
    window.add(100);
    window.add(101);
    var custody = new Custody(7, 4, 101, true, 2);
    assertThat(custodyOf(window, custody)).isEqualTo(custody);
    window.finish(101);
    window.finish(100);
    assertThat(custodyOf(window, custody)).isEqualTo(custody.cleared());
  }

  private static Custody custodyOf(PartitionWindow window, Custody custody) {
    var restored =
        WindowMetadata.read(
            window.watermark(), TOPIC, WindowMetadata.write(TOPIC, window, custody));
    return ((WindowMetadata.Restored.Window) restored).custody();
  }
}
