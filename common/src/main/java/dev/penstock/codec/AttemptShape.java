package dev.penstock.codec;

import dev.penstock.job.Attempt;
import dev.penstock.job.Failure;
import dev.penstock.job.Served;
import dev.penstock.job.Waits;
import java.time.Duration;
import java.time.Instant;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.SerializedString;

/** {@link Attempt}. */
final class AttemptShape extends Shape<Attempt> {
  static final AttemptShape ATTEMPT = new AttemptShape();

  private static final SerializedString NUMBER = new SerializedString("number");
  private static final SerializedString PROVIDER = new SerializedString("provider");
  private static final SerializedString WORKER = new SerializedString("worker");
  private static final SerializedString STARTED_AT = new SerializedString("startedAt");
  private static final SerializedString LATENCY = new SerializedString("latency");
  private static final SerializedString FAILURE = new SerializedString("failure");
  private static final SerializedString SERVED = new SerializedString("served");
  private static final SerializedString WAITS = new SerializedString("waits");

  @Override
  Attempt readFields(Fields in) {
    Integer number = null;
    String provider = null;
    String worker = null;
    Instant startedAt = null;
    Duration latency = null;
    Failure failure = null;
    Served served = null;
    Waits waits = null;
    for (String name = in.next(); name != null; name = in.next()) {
      switch (name) {
        case "number" -> number = in.integer();
        case "provider" -> provider = in.text();
        case "worker" -> worker = in.text();
        case "startedAt" -> startedAt = in.instant();
        case "latency" -> latency = in.duration();
        case "failure" -> failure = in.isNull() ? null : in.object(FailureShape.FAILURE);
        case "served" -> served = in.isNull() ? null : in.object(ServedShape.SERVED);
        case "waits" -> waits = in.isNull() ? null : in.object(WaitsShape.WAITS);
        default -> in.skip();
      }
    }
    return new Attempt(
        in.required("number", number),
        in.required("provider", provider),
        in.required("worker", worker),
        in.required("startedAt", startedAt),
        in.required("latency", latency),
        failure,
        served,
        waits);
  }

  @Override
  void writeFields(Attempt attempt, JsonGenerator out) {
    out.writeName(NUMBER).writeNumber(attempt.number());
    out.writeName(PROVIDER).writeString(attempt.provider());
    out.writeName(WORKER).writeString(attempt.worker());
    out.writeName(STARTED_AT).writeString(TimeText.text(attempt.startedAt()));
    out.writeName(LATENCY).writeString(TimeText.text(attempt.latency()));
    Failure failure = attempt.failure();
    if (failure != null) {
      out.writeName(FAILURE);
      FailureShape.FAILURE.write(failure, out);
    }
    Served served = attempt.served();
    if (served != null) {
      out.writeName(SERVED);
      ServedShape.SERVED.write(served, out);
    }
    Waits waits = attempt.waits();
    if (waits != null) {
      out.writeName(WAITS);
      WaitsShape.WAITS.write(waits, out);
    }
  }
}
