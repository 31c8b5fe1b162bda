package dev.penstock.codec;

import dev.penstock.fleet.WorkerCommand;
import java.time.Instant;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.SerializedString;

/** {@link WorkerCommand}. */
final class WorkerCommandShape extends Shape<WorkerCommand> {
  private static final SerializedString WORKER = new SerializedString("worker");
  private static final SerializedString DRAIN = new SerializedString("drain");
  private static final SerializedString REQUESTED_AT = new SerializedString("requestedAt");

  @Override
  WorkerCommand readFields(Fields in) {
    String worker = null;
    Boolean drain = null;
    Instant requestedAt = null;
    for (String name = in.next(); name != null; name = in.next()) {
      switch (name) {
        case "worker" -> worker = in.text();
        case "drain" -> drain = in.bool();
        case "requestedAt" -> requestedAt = in.instant();
        default -> in.skip();
      }
    }
    return new WorkerCommand(
        in.required("worker", worker),
        in.required("drain", drain),
        in.required("requestedAt", requestedAt));
  }

  @Override
  void writeFields(WorkerCommand command, JsonGenerator out) {
    out.writeName(WORKER).writeString(command.worker());
    out.writeName(DRAIN).writeBoolean(command.drain());
    out.writeName(REQUESTED_AT).writeString(TimeText.text(command.requestedAt()));
  }
}
