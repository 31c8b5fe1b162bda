package dev.penstock.streams.view;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class InputProgressTest {
  private final InputProgress progress = new InputProgress();

  @Test
  void nothingIsKnownBeforeTheConsumerTellsItsPosition() {
    assertThat(progress.position()).isEqualTo(-1);
    progress.consumerAt(7);
    assertThat(progress.position()).isEqualTo(7);
  }

  @Test
  void polledRecordsCountOnlyOnceTheyAreProcessed() {
    progress.polled(10, 12);
    progress.consumerAt(13);
    assertThat(progress.position()).isEqualTo(10);
    progress.processed(10);
    assertThat(progress.position()).isEqualTo(11);
    progress.processed(12);
    assertThat(progress.position()).isEqualTo(13);
  }

  @Test
  void transactionMarkersAtTheTailCountWhenAllBeforeThemIsProcessed() {
    progress.polled(0, 4);
    progress.consumerAt(9);
    progress.processed(4);
    assertThat(progress.position()).isEqualTo(9);
    progress.consumerAt(11);
    assertThat(progress.position()).isEqualTo(11);
  }

  @Test
  void recordsPolledWhileOthersAreProcessedHoldThePositionBack() {
    progress.polled(0, 1);
    progress.consumerAt(2);
    progress.processed(0);
    progress.polled(2, 5);
    progress.consumerAt(6);
    progress.processed(1);
    assertThat(progress.position()).isEqualTo(2);
    progress.processed(5);
    assertThat(progress.position()).isEqualTo(6);
  }

  @Test
  void whoWaitsIsWokenAtTheirTargetAndNotBefore() throws Exception {
    var near = new Signal();
    var far = new Signal();
    progress.consumerAt(3);
    progress.tellAt(5, near);
    progress.tellAt(50, far);
    assertThat(near.await(Duration.ZERO)).isFalse();
    progress.consumerAt(5);
    assertThat(near.await(Duration.ZERO)).isTrue();
    assertThat(far.await(Duration.ZERO)).isFalse();
    progress.wakeAll();
    assertThat(far.await(Duration.ZERO)).isTrue();
  }

  @Test
  void aTargetThatIsReachedAlreadyWakesAtOnce() throws Exception {
    var signal = new Signal();
    progress.consumerAt(5);
    progress.tellAt(5, signal);
    assertThat(signal.await(Duration.ZERO)).isTrue();
  }

  @Test
  void whoIsForgottenIsNotWoken() throws Exception {
    var signal = new Signal();
    progress.tellAt(5, signal);
    progress.forget(signal);
    progress.consumerAt(9);
    assertThat(signal.await(Duration.ZERO)).isFalse();
  }
}
