package dev.penstock.replayer.select;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class DrawTest {
  private static OffsetSet upTo(int end) {
    var set = new OffsetSet();
    for (int i = 0; i < end; i++) {
      set.add(i);
    }
    return set;
  }

  private static long count(Map<Integer, OffsetSet> sets) {
    return sets.values().stream().mapToLong(OffsetSet::count).sum();
  }

  private static String text(Map<Integer, OffsetSet> sets) {
    return new TreeMap<>(sets).toString();
  }

  @Test
  void theSameSeedDrawsTheSameAndAnotherOneOthers() {
    var all = Map.of(0, upTo(500), 1, upTo(500));
    var one = new Draw(7).first(all, new Portion.Count(20));
    assertThat(count(one)).isEqualTo(20);
    assertThat(text(new Draw(7).first(all, new Portion.Count(20)))).isEqualTo(text(one));
    assertThat(text(new Draw(8).first(all, new Portion.Count(20)))).isNotEqualTo(text(one));
  }

  @Test
  void fewerAreTheFirstOfMore() {
    var all = Map.of(0, upTo(500), 1, upTo(500));
    var draw = new Draw(7);
    var more = draw.first(all, new Portion.Count(100));
    draw.first(all, new Portion.Count(10))
        .forEach((partition, offsets) ->
            offsets.forEach(offset ->
                assertThat(more.getOrDefault(partition, new OffsetSet()).contains(offset))
                    .isTrue()));
  }

  @Test
  void aPercentageIsRoundedUpAndMoreThanThereAreIsAll() {
    var draw = new Draw(7);
    assertThat(count(draw.first(Map.of(0, upTo(8)), new Portion.Percent(1)))).isEqualTo(1);
    assertThat(count(draw.first(Map.of(0, upTo(200)), new Portion.Percent(1)))).isEqualTo(2);
    assertThat(count(draw.first(Map.of(0, upTo(8)), new Portion.Percent(100)))).isEqualTo(8);
    assertThat(count(draw.first(Map.of(0, upTo(8)), new Portion.Count(9)))).isEqualTo(8);
    assertThat(count(draw.first(Map.of(), new Portion.Percent(10)))).isZero();
  }

  @Test
  void eachIsAsLikely() {
    var all = Map.of(0, upTo(50_000), 1, upTo(50_000));
    var first = new Draw(7).first(all, new Portion.Percent(10));
    assertThat(count(first)).isEqualTo(10_000);
    // By the binomial distribution, five deviations of 47 are 237.
    OffsetSet drawn = first.getOrDefault(0, new OffsetSet());
    assertThat(drawn.count()).isBetween(4_700L, 5_300L);
    long late = 0;
    for (long offset = 25_000; offset < 50_000; offset++) {
      late += drawn.contains(offset) ? 1 : 0;
    }
    assertThat(late).isBetween(2_250L, 2_750L);
  }

  @Test
  void ofVeryManyAboutSoManyAreDrawn() {
    var all = Map.of(0, upTo(400_000));
    assertThat(count(new Draw(7).first(all, new Portion.Percent(50))))
        .isBetween(198_000L, 202_000L);
  }
}
