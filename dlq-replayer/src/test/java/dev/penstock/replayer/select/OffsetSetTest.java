package dev.penstock.replayer.select;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

final class OffsetSetTest {
  @Test
  void itsPartsTellIt() {
    long seed = 20_261_122;
    var random = new Random(seed);
    for (int i = 0; i < 50; i++) {
      var offsets = new TreeSet<Long>();
      var set = new OffsetSet();
      for (int j = random.nextInt(300); j > 0; j--) {
        long offset = random.nextInt(4) == 0 ? random.nextLong(1L << 40) : random.nextInt(500);
        offsets.add(offset);
        set.add(offset);
      }
      List<String> parts = set.parts(1 + random.nextInt(100));
      OffsetSet told = OffsetSet.ofParts(parts);
      assertThat(told.count()).as("seed %d", seed).isEqualTo(offsets.size());
      long probe = random.nextLong(1L << 40);
      Long next = offsets.ceiling(probe);
      assertThat(told.nextFrom(probe))
          .as("seed %d", seed)
          .isEqualTo(next == null ? OptionalLong.empty() : OptionalLong.of(next));
      assertThat(offsets).as("seed %d", seed).allMatch(told::contains);
    }
  }

  @Test
  void whatIsNoPartIsRefused() {
    for (String wrong : List.of("?", "")) {
      assertThatThrownBy(() -> OffsetSet.ofParts(List.of(wrong)))
          .as("'%s'", wrong)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void aMillionNeighboursTakeLittle() {
    var set = new OffsetSet();
    for (long offset = 0; offset < 1_000_000; offset++) {
      set.add(offset);
    }
    assertThat(set.parts(Integer.MAX_VALUE)).hasSize(1).allMatch(part -> part.length() < 1_000);
  }

  @Test
  void disjointSetsShareNothing() {
    assertThat(OffsetSet.of(1, 3).isDisjoint(OffsetSet.of(2, 4))).isTrue();
    assertThat(OffsetSet.of(1, 3).isDisjoint(OffsetSet.of(3))).isFalse();
  }

  @Test
  void theFirstThatIsMissingIsFound() {
    OffsetSet set = OffsetSet.of(0, 1, 2, 5, 6);
    assertThat(set.nextAbsentFrom(0)).isEqualTo(3);
    assertThat(set.nextAbsentFrom(3)).isEqualTo(3);
    assertThat(set.nextAbsentFrom(5)).isEqualTo(7);
    assertThat(set.nextAbsentFrom(99)).isEqualTo(99);
  }
}
