package dev.penstock.worker.limit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class DivisionTest {
  @Test
  void whoDemandsLittleGetsItAndTheOthersShareTheRest() {
    assertThat(Division.parts(1_000, new long[] {100, 5_000, 5_000}))
        .containsExactly(100, 450, 450);
  }

  @Test
  void whatNobodyDemandsIsSharedEqually() {
    assertThat(Division.parts(900, new long[] {100, 200})).containsExactly(400, 500);
  }

  @Test
  void whoDemandsNothingHasAFloor() {
    assertThat(Division.parts(1_000, new long[] {0, 9_999})).containsExactly(25, 975);
  }

  @Test
  void neverMoreThanThereIsAndNobodySuffersFromAnothersGreed() {
    for (long seed = 0; seed < 2_000; seed++) {
      var random = new SplittableRandom(seed);
      long limit = random.nextLong(1_000_000);
      long[] demands =
          random.longs(1 + random.nextInt(12), 0, 1 + limit / (1 + random.nextInt(6))).toArray();
      long[] parts = Division.parts(limit, demands);
      assertThat(Arrays.stream(parts).sum()).as("seed " + seed).isLessThanOrEqualTo(limit);
      for (int i = 0; i < demands.length; i++) {
        assertThat(parts[i])
            .as("seed " + seed)
            .isGreaterThanOrEqualTo(Math.min(demands[i], limit / demands.length) - 1);
      }
      if (Arrays.stream(demands).sum() >= limit) {
        assertThat(Arrays.stream(parts).sum())
            .as("seed " + seed)
            .isGreaterThanOrEqualTo(limit - demands.length);
      }
    }
  }

  @Test
  void slotsAreDividedWhole() {
    long[] parts =
        Division.wholeParts(10_000, 1_000, new long[] {9_000, 9_000, 9_000}, new long[] {2, 0, 1});
    assertThat(parts).containsExactly(3_000, 4_000, 3_000);
  }

  @Test
  void fewerSlotsThanMembersGoToThoseWhoseTurnItIs() {
    long[] parts =
        Division.wholeParts(
            2_000, 1_000, new long[] {0, 5_000, 5_000, 5_000}, new long[] {0, 3, 1, 2});
    assertThat(parts).containsExactly(0, 0, 1_000, 1_000);
  }
}
