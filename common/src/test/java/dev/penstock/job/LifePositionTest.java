package dev.penstock.job;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.LifePosition.Step;
import java.util.List;
import org.junit.jupiter.api.Test;

final class LifePositionTest {
  @Test
  void positionsAreOrderedAsAJobLivesThroughThem() {
    assertThat(
            List.of(
                LifePosition.accepted(0),
                new LifePosition(0, 1, Step.STARTED),
                new LifePosition(0, 1, Step.RETRY_SCHEDULED),
                new LifePosition(0, 2, Step.STARTED),
                LifePosition.finished(0),
                LifePosition.accepted(1)))
        .isSorted();
  }

  @Test
  void theTextIsReadBack() {
    for (Step step : Step.values()) {
      var position = new LifePosition(3, 12, step);
      assertThat(LifePosition.parse(position.toString())).contains(position);
    }
    for (String text :
        List.of("", "1", "1.2", "1.2.9", "1.2.-1", "a.b.c", "1.2.3.4", "99999999999.1.1")) {
      assertThat(LifePosition.parse(text)).as(text).isEmpty();
    }
  }
}
