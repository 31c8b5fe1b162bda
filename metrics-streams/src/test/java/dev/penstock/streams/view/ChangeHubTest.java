package dev.penstock.streams.view;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.JobId;
import dev.penstock.streams.Lives;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class ChangeHubTest {
  private final ChangeHub hub = new ChangeHub();
  private final JobId job = JobId.random(Lives.T0);

  @Test
  void everyWatcherOfAJobIsWokenAndNoOneElse() throws Exception {
    var first = new Signal();
    var second = new Signal();
    var other = new Signal();
    try (var _ = hub.watch(job, first);
        var _ = hub.watch(job, second);
        var _ = hub.watch(JobId.random(Lives.T0), other)) {
      hub.changed(job);
      assertThat(first.await(Duration.ZERO)).isTrue();
      assertThat(second.await(Duration.ZERO)).isTrue();
      assertThat(other.await(Duration.ZERO)).isFalse();
    }
  }

  @Test
  void closedWatchesLeaveNothingBehind() {
    try (var _ = hub.watch(job, new Signal());
        var _ = hub.watch(job, new Signal())) {
      assertThat(hub.watchedJobs()).isEqualTo(1);
    }
    assertThat(hub.watchedJobs()).isZero();
  }
}
