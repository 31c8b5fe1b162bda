package dev.penstock.codec;

import dev.penstock.job.Attempt;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import java.time.Instant;
import java.util.List;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.SerializedString;

/** {@link DeadLetter}. */
final class DeadLetterShape extends Shape<DeadLetter> {
  private static final SerializedString JOB = new SerializedString("job");
  private static final SerializedString GENERATION = new SerializedString("generation");
  private static final SerializedString ATTEMPTS = new SerializedString("attempts");
  private static final SerializedString REASON = new SerializedString("reason");
  private static final SerializedString ORIGIN = new SerializedString("origin");
  private static final SerializedString AT = new SerializedString("at");

  @Override
  DeadLetter readFields(Fields in) {
    Job job = null;
    Integer generation = null;
    List<Attempt> attempts = null;
    Failure reason = null;
    DeadLetter.Origin origin = null;
    Instant at = null;
    for (String name = in.next(); name != null; name = in.next()) {
      switch (name) {
        case "job" -> job = in.object(JobShape.JOB);
        case "generation" -> generation = in.integer();
        case "attempts" -> attempts = in.objects(AttemptShape.ATTEMPT);
        case "reason" -> reason = in.object(FailureShape.FAILURE);
        case "origin" -> origin = in.object(OriginShape.SHAPE);
        case "at" -> at = in.instant();
        default -> in.skip();
      }
    }
    return new DeadLetter(
        in.required("job", job),
        in.required("generation", generation),
        in.required("attempts", attempts),
        in.required("reason", reason),
        in.required("origin", origin),
        in.required("at", at));
  }

  @Override
  void writeFields(DeadLetter letter, JsonGenerator out) {
    out.writeName(JOB);
    JobShape.JOB.write(letter.job(), out);
    out.writeName(GENERATION).writeNumber(letter.generation());
    out.writeName(ATTEMPTS);
    AttemptShape.ATTEMPT.writeArray(letter.attempts(), out);
    out.writeName(REASON);
    FailureShape.FAILURE.write(letter.reason(), out);
    out.writeName(ORIGIN);
    OriginShape.SHAPE.write(letter.origin(), out);
    out.writeName(AT).writeString(TimeText.text(letter.at()));
  }

  private static final class OriginShape extends Shape<DeadLetter.Origin> {
    static final OriginShape SHAPE = new OriginShape();

    private static final SerializedString TOPIC = new SerializedString("topic");
    private static final SerializedString PARTITION = new SerializedString("partition");
    private static final SerializedString OFFSET = new SerializedString("offset");

    @Override
    DeadLetter.Origin readFields(Fields in) {
      String topic = null;
      Integer partition = null;
      Long offset = null;
      for (String name = in.next(); name != null; name = in.next()) {
        switch (name) {
          case "topic" -> topic = in.text();
          case "partition" -> partition = in.integer();
          case "offset" -> offset = in.longInteger();
          default -> in.skip();
        }
      }
      return new DeadLetter.Origin(
          in.required("topic", topic),
          in.required("partition", partition),
          in.required("offset", offset));
    }

    @Override
    void writeFields(DeadLetter.Origin origin, JsonGenerator out) {
      out.writeName(TOPIC).writeString(origin.topic());
      out.writeName(PARTITION).writeNumber(origin.partition());
      out.writeName(OFFSET).writeNumber(origin.offset());
    }
  }
}
