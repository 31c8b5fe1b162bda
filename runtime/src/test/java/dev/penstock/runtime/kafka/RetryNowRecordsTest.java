package dev.penstock.runtime.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.JobId;
import dev.penstock.job.RetryNowRequest;
import dev.penstock.topic.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.junit.jupiter.api.Test;

final class RetryNowRecordsTest {
  private static final Instant AT = Instant.parse("2026-11-22T03:00:00Z");
  private static final Topics TOPICS = Topics.defaults();

  @Test
  void aRequestStandsWhereTheRecordsOfItsJobStandUnderAKeyOfItsOwn() {
    for (int i = 0; i < 50; i++) {
      JobId id = JobId.random(AT.plusSeconds(i));
      byte[] key = id.toString().getBytes(StandardCharsets.UTF_8);
      var request = new RetryNowRequest(id, 1, 2, AT);
      var asked = RetryNowRecords.request(TOPICS, request);
      var forgotten = RetryNowRecords.forget(TOPICS, id);
      assertThat(asked.topic()).isEqualTo(TOPICS.control());
      assertThat(asked.partition())
          .isEqualTo(forgotten.partition())
          .isEqualTo(BuiltInPartitioner.partitionForKey(key, TOPICS.partitions()));
      assertThat(asked.key()).isEqualTo(forgotten.key()).isNotEqualTo(key);
      assertThat(forgotten.value()).isNull();
      assertThat(RetryNowRecords.jobOf(asked.key())).contains(id);
      assertThat(JsonCodec.RETRY_NOW_REQUESTS.decode(asked.value()))
          .isEqualTo(new Decoded.Value<>(request));
    }
  }

  @Test
  void otherKeysHurryNobody() {
    assertThat(RetryNowRecords.jobOf(null)).isEmpty();
    assertThat(RetryNowRecords.jobOf(JobId.random(AT).toString().getBytes(StandardCharsets.UTF_8)))
        .isEmpty();
  }
}
