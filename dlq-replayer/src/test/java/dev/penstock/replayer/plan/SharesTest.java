package dev.penstock.replayer.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.replay.PlanRecord.Share;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class SharesTest {
  private static final List<Share> STAGE =
      List.of(new Share(1, 0, 10, 1), new Share(1, 3, 70, 1), new Share(1, 4, 20, 1));

  @Test
  void theWholeIsDividedByHowManyEachHas() {
    assertThat(Shares.inFlight(13, STAGE)).isEqualTo(Map.of(0, 2, 3, 8, 4, 3));
  }

  @Test
  void togetherTheyAreTheWhole() {
    for (int whole = 3; whole < 200; whole++) {
      assertThat(Shares.inFlight(whole, STAGE).values().stream().mapToInt(Integer::intValue).sum())
          .isEqualTo(whole);
    }
  }

  @Test
  void nobodyStarves() {
    assertThat(Shares.inFlight(1, STAGE)).isEqualTo(Map.of(0, 1, 3, 1, 4, 1));
  }
}
