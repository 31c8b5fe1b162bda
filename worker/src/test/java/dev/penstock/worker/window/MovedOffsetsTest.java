package dev.penstock.worker.window;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import java.util.TreeSet;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.Test;

final class MovedOffsetsTest {
  private static final Uuid TOPIC = new Uuid(0x1234_5678_9abc_def0L, 0x0fed_cba9_8765_4321L);
  private static final int SEEDS = 100;

  @Test
  void whatHasMovedIsReadBackAndFitsForEverWhateverMovesWhen() {
    for (int seed = 0; seed < SEEDS; seed++) {
      var random = new SplittableRandom(seed);
      int maxChars = random.nextBoolean() ? 4096 : 30 + random.nextInt(200);
      int spread = 1 + random.nextInt(random.nextBoolean() ? 4 : 4_000);
      long watermark = random.nextLong(1L << 40);
      var moved = new MovedOffsets(watermark, maxChars);
      var model = new TreeSet<Long>();
      int refused = 0;
      for (int i = 0; i < 3_000; i++) {
        if (random.nextInt(200) == 0) {
          watermark += random.nextInt(spread * 50);
          moved.advanceTo(watermark);
          model.headSet(watermark).clear();
        }
        long offset = watermark + random.nextInt(spread * 300);
        if (model.contains(offset)) {
          assertThat(moved.contains(offset)).isTrue();
        } else if (moved.add(offset)) {
          model.add(offset);
        } else {
          refused++;
          assertThat(moved.contains(offset)).as("seed " + seed).isFalse();
        }
      }
      String written = moved.write(TOPIC);
      assertThat(written.length()).as("seed " + seed).isLessThanOrEqualTo(maxChars);
      MovedOffsets read = read(watermark, written, maxChars);
      assertThat(read.count()).as("seed " + seed).isEqualTo(model.size());
      assertThat(model).as("seed " + seed).allMatch(read::contains);
      assertThat(read.write(TOPIC)).as("seed " + seed).isEqualTo(written);
      assertThat(maxChars == 4096 || refused > 0).as("seed %d was full once", seed).isTrue();
      assertThat(shrinksOnly(read, random, watermark, spread)).as("seed " + seed).isTrue();
    }
  }

  /** The committed offset advances to the end: the metadata gets shorter all the time. */
  private static boolean shrinksOnly(
      MovedOffsets moved, SplittableRandom random, long from, int spread) {
    long watermark = from;
    int length = moved.write(TOPIC).length();
    while (moved.count() > 0) {
      watermark += 1 + random.nextInt(spread * 20);
      moved.advanceTo(watermark);
      int next = moved.write(TOPIC).length();
      // Of nothing the id is written alone, in a form of its own.
      if (moved.count() > 0 && next > length) {
        return false;
      }
      length = next;
    }
    return true;
  }

  @Test
  void aRefusedOffsetChangesNothing() {
    var moved = new MovedOffsets(100, 34);
    long offset = 102;
    while (moved.add(offset)) {
      offset += 2;
    }
    String full = moved.write(TOPIC);
    long count = moved.count();
    assertThat(moved.add(offset + 50)).isFalse();
    assertThat(moved.write(TOPIC)).isEqualTo(full);
    assertThat(moved.add(103)).as("joins two runs to one").isTrue();
    assertThat(moved.count()).isEqualTo(count + 1);
    assertThat(moved.add(offset)).as("there is room again").isTrue();
  }

  @Test
  void aCopyIsChangedApartFromItsOrigin() {
    var moved = new MovedOffsets(10, 4096);
    assertThat(moved.add(12)).isTrue();
    MovedOffsets copy = moved.copy();
    assertThat(copy.add(14)).isTrue();
    copy.advanceTo(13);
    assertThat(moved.contains(12)).isTrue();
    assertThat(moved.contains(14)).isFalse();
    assertThat(copy.contains(12)).isFalse();
    assertThat(copy.contains(14)).isTrue();
  }

  @Test
  void nothingIsWrittenAsTheTopicsIdAsItAlwaysWasAndReadSo() {
    assertThat(new MovedOffsets(7, 4096).write(TOPIC)).isEqualTo(TOPIC.toString());
    assertThat(read(7, TOPIC.toString(), 4096).count()).isZero();
    assertThat(read(7, "", 4096).count()).isZero();
  }

  @Test
  void whatCanNotBeTrustedIsNeverTakenForNothing() {
    var moved = new MovedOffsets(7, 4096);
    assertThat(moved.add(9)).isTrue();
    String written = moved.write(TOPIC);
    Uuid other = new Uuid(1, 2);
    assertThat(unreadable(written, other)).contains("made anew");
    assertThat(unreadable(TOPIC.toString(), other)).contains("made anew");
    assertThat(unreadable("p2.AAAA", TOPIC)).contains("made anew");
    String id = written.substring(0, "h1.".length() + 20);
    for (String damaged :
        new String[] {
          "h1.",
          "h1.AAAA",
          id,
          written + "A",
          written + "AAAA",
          written + "!",
          "h1.====",
          written.substring(0, written.length() - 2),
          written.substring(0, written.length() - 3)
        }) {
      assertThat(unreadable(damaged, TOPIC)).as(damaged).isNotBlank();
    }
  }

  @Test
  void whatWasWrittenWithMoreRoomIsReadAndGrowsNoMore() {
    var moved = new MovedOffsets(0, 4096);
    for (int i = 0; i < 500; i++) {
      assertThat(moved.add(2L * i + 1)).isTrue();
    }
    MovedOffsets read = read(0, moved.write(TOPIC), 100);
    assertThat(read.count()).isEqualTo(500);
    assertThat(read.add(5_000)).isFalse();
  }

  @Test
  void anOffsetMovesOnce() {
    var moved = new MovedOffsets(7, 4096);
    assertThat(moved.add(9)).isTrue();
    assertThatThrownBy(() -> moved.add(9)).hasMessageContaining("moved already");
    assertThatThrownBy(() -> moved.add(6)).hasMessageContaining("moved already");
    assertThatThrownBy(() -> moved.advanceTo(6)).hasMessageContaining("never goes back");
  }

  private static MovedOffsets read(long watermark, String metadata, int maxChars) {
    return switch (MovedOffsets.read(watermark, TOPIC, metadata, maxChars)) {
      case MovedOffsets.Restored.Moved(MovedOffsets offsets) -> offsets;
      case MovedOffsets.Restored.Unreadable(String reason) -> throw new AssertionError(reason);
    };
  }

  private static String unreadable(String metadata, Uuid topicId) {
    return MovedOffsets.read(7, topicId, metadata, 4096)
            instanceof MovedOffsets.Restored.Unreadable(String reason)
        ? reason
        : "";
  }
}
