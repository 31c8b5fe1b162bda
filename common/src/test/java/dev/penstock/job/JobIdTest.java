package dev.penstock.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class JobIdTest {
  private static final Instant NOW = Instant.parse("2026-11-21T08:00:00.123Z");

  @Test
  void idsSortByTheTimeOfTheirAcceptance() {
    var earlier = JobId.random(NOW);
    var later = JobId.random(NOW.plusMillis(1));
    assertThat(earlier).isLessThan(later);
    assertThat(earlier.toString()).isLessThan(later.toString());
    assertThat(earlier.time()).isEqualTo(NOW);
  }

  @Test
  void theSameKeyClaimedAtTheSameTimeIsTheSameJob() {
    assertThat(JobId.ofKey(NOW, "order-7")).isEqualTo(JobId.ofKey(NOW, "order-7"));
    assertThat(JobId.ofKey(NOW, "order-7")).isNotEqualTo(JobId.ofKey(NOW, "order-8"));
    assertThat(JobId.ofKey(NOW, "order-7")).isNotEqualTo(JobId.ofKey(NOW.plusMillis(1), "order-7"));
    assertThat(JobId.ofKey(NOW, "order-7").time()).isEqualTo(NOW);
  }

  @Test
  void aTextIsReadBackAsItsId() {
    var id = JobId.random(NOW);
    assertThat(JobId.parse(id.toString())).contains(id);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "x",
        "019AA5C0-1234-7abc-8def-0123456789ab",
        "019aa5c0-1234-4abc-8def-0123456789ab",
        "019aa5c0-1234-7abc-0def-0123456789ab",
        "019aa5c012347abc8def0123456789ab",
        "019aa5c0-1234-7abc-8def-0123456789a",
        "019aa5c0-1234-7abc-8def-0123456789abc",
        "../../etc/passwd/aaaaaaaaaaaaaaaaaaa"
      })
  void anythingElseIsNoId(String text) {
    assertThat(JobId.parse(text)).isEmpty();
  }

  @Test
  void aUuidOfAnotherVersionIsRefused() {
    assertThatThrownBy(() -> new JobId(UUID.randomUUID()))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
