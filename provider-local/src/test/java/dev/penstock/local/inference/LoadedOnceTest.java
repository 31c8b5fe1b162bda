package dev.penstock.local.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class LoadedOnceTest {
  @Test
  void manyWhoAskAtOnceLoadItOnce() throws InterruptedException {
    var loads = new AtomicInteger();
    var model = new LoadedOnce<>(loads::incrementAndGet);
    assertThat(model.ifLoaded()).isEmpty();
    var askers = new ArrayList<Thread>();
    for (int i = 0; i < 16; i++) {
      askers.add(Thread.ofPlatform().start(model::get));
    }
    for (Thread asker : askers) {
      asker.join();
    }
    assertThat(loads).hasValue(1);
    assertThat(model.ifLoaded()).contains(1);
  }

  @Test
  void aFailedLoadIsTriedAgain() {
    var loads = new AtomicInteger();
    var model =
        new LoadedOnce<>(() -> {
          if (loads.incrementAndGet() == 1) {
            throw new ModelUnavailableException("disk full", new java.io.IOException("full"));
          }
          return "loaded";
        });
    assertThatThrownBy(model::get).isInstanceOf(ModelUnavailableException.class);
    assertThat(model.get()).isEqualTo("loaded");
  }
}
