package dev.penstock.streams.topology;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.streams.view.JobLife;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/** A life as versioned JSON. */
final class JobLifeSerde implements Serde<JobLife> {
  private static final JsonCodec<JobLife> CODEC = new JsonCodec<>(JobLife.class);

  @Override
  public Serializer<JobLife> serializer() {
    return new Serializer<>() {
      @Override
      @SuppressWarnings("NullAway") // a null value is a tombstone
      public byte @Nullable [] serialize(String topic, @Nullable JobLife life) {
        return life == null ? null : CODEC.encode(life);
      }
    };
  }

  @Override
  public Deserializer<JobLife> deserializer() {
    return new Deserializer<>() {
      @Override
      @SuppressWarnings("NullAway") // a null value is a tombstone
      public @Nullable JobLife deserialize(String topic, byte @Nullable [] bytes) {
        if (bytes == null) {
          return null;
        }
        return switch (CODEC.decode(bytes)) {
          case Decoded.Value<JobLife>(JobLife life) -> life;
          case Decoded.Refused<JobLife>(String reason) ->
              throw new SerializationException(
                  "the stored state of a job can't be read ("
                      + reason
                      + "); it was written by another version: stop all instances, reset the"
                      + " application with kafka-streams-application-reset.sh and remove its state"
                      + " directories, so that it is computed anew");
        };
      }
    };
  }
}
