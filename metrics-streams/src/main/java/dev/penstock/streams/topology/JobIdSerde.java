package dev.penstock.streams.topology;

import dev.penstock.job.JobId;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/**
 * A job id as its 16 bytes, which sort by the millisecond of acceptance. The topics are keyed by
 * the text form instead, so a job's partition follows from its text and never from these bytes.
 */
final class JobIdSerde implements Serde<JobId> {
  private static final int BYTES = 16;

  @Override
  public Serializer<JobId> serializer() {
    return (_, id) -> bytes(id.value());
  }

  @Override
  public Deserializer<JobId> deserializer() {
    return (_, bytes) -> {
      var buffer = ByteBuffer.wrap(bytes);
      return new JobId(new UUID(buffer.getLong(), buffer.getLong()));
    };
  }

  private static byte[] bytes(UUID id) {
    return ByteBuffer.allocate(BYTES)
        .putLong(id.getMostSignificantBits())
        .putLong(id.getLeastSignificantBits())
        .array();
  }
}
