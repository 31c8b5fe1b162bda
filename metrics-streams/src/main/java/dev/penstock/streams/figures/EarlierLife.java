package dev.penstock.streams.figures;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.streams.view.JobLife;
import org.apache.kafka.common.errors.SerializationException;

/** What is known of a generation that is over, so that what is read of it late counts once. */
final class EarlierLife implements Cell {
  private static final JsonCodec<JobLife> CODEC = new JsonCodec<>(JobLife.class);

  final JobLife life;

  EarlierLife(JobLife life) {
    this.life = life;
  }

  @Override
  public boolean isEmpty() {
    return life.enteredAt() == null && life.attempts().isEmpty() && life.end() == null;
  }

  @Override
  public void write(Packed.Writer out) {
    out.raw(CODEC.encode(life));
  }

  static EarlierLife read(Packed.Reader in) {
    return switch (CODEC.decode(in.raw())) {
      case Decoded.Value<JobLife>(JobLife life) -> new EarlierLife(life);
      case Decoded.Refused<JobLife>(String reason) ->
          throw new SerializationException("an earlier generation can't be read: " + reason);
    };
  }
}
