package dev.penstock.worker.core;

import dev.penstock.worker.judge.Judge;
import dev.penstock.worker.judge.Settlement;
import java.time.Duration;
import java.util.function.Consumer;

/** Measures nothing but how late calls begin, where a test wants to know. */
final class NoMetrics implements CoreMetrics {
  private final Consumer<Duration> late;

  NoMetrics() {
    this(_ -> {});
  }

  NoMetrics(Consumer<Duration> late) {
    this.late = late;
  }

  @Override
  public void settled(Claim claim, Settlement settlement) {}

  @Override
  public void called(Claim claim, Judge.Call call, String code) {}

  @Override
  public void late(Duration lateness) {
    late.accept(lateness);
  }

  @Override
  public void gated(Claim claim, int change) {}

  @Override
  public void failedOver(Claim claim, String reason) {}

  @Override
  public void poisoned() {}

  @Override
  public void turn(int busySlots, int queued, int waiting, int claimed, int stuck) {}
}
