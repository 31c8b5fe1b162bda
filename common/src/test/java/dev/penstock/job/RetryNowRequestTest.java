package dev.penstock.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import org.junit.jupiter.api.Test;

final class RetryNowRequestTest {
  private static final Instant AT = Instant.parse("2026-11-22T03:00:00Z");
  private static final JobId ID = JobId.random(AT);

  @Test
  void itsKeyNamesTheJobAndIsNotTheJobsOwn() {
    String key = new RetryNowRequest(ID, 0, 1, AT).key();
    assertThat(key).isNotEqualTo(ID.toString()).isEqualTo(RetryNowRequest.key(ID));
    assertThat(RetryNowRequest.jobOf(key)).contains(ID);
    assertThat(JobId.parse(key)).isEmpty();
  }

  @Test
  void otherKeysOfTheTopicAreNotTakenForItsKey() {
    for (String key :
        new String[] {ID.toString(), "worker/w-1", "/retry-now", "x/retry-now", ID + "/retry"}) {
      assertThat(RetryNowRequest.jobOf(key)).as(key).isEmpty();
    }
  }

  @Test
  void itIsForOneWaitOfOneGeneration() {
    var request = new RetryNowRequest(ID, 2, 1, AT);
    assertThat(request.isFor(2, 1)).isTrue();
    assertThat(request.isFor(2, 2)).isFalse();
    assertThat(request.isFor(1, 1)).isFalse();
  }

  @Test
  void aWaitThatNoJobCanHaveIsRefused() {
    assertThatThrownBy(() -> new RetryNowRequest(ID, -1, 0, AT)).hasMessageContaining("generation");
    assertThatThrownBy(() -> new RetryNowRequest(ID, 0, -1, AT)).hasMessageContaining("attempts");
    assertThatThrownBy(() -> new RetryNowRequest(ID, 0, Job.MAX_ATTEMPTS, AT))
        .hasMessageContaining("attempts");
  }
}
