package dev.penstock.codec;

import dev.penstock.job.Failure;
import dev.penstock.job.JobOutput;
import dev.penstock.job.Outcome;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.SerializedString;

/** {@link Outcome}: the status first, then what that status has. */
final class OutcomeShape extends Shape<Outcome> {
  static final OutcomeShape OUTCOME = new OutcomeShape();

  private static final SerializedString STATUS = new SerializedString("status");
  private static final SerializedString OUTPUT = new SerializedString("output");
  private static final SerializedString REASON = new SerializedString("reason");

  @Override
  Outcome readFields(Fields in) {
    String status = in.type("status");
    JobOutput output = null;
    Failure reason = null;
    for (String name = in.next(); name != null; name = in.next()) {
      if (name.equals("output") && status.equals("succeeded")) {
        output = in.object(OutputShape.OUTPUT);
      } else if (name.equals("reason") && status.equals("dead-lettered")) {
        reason = in.object(FailureShape.FAILURE);
      } else {
        in.skip();
      }
    }
    return switch (status) {
      case "succeeded" -> new Outcome.Succeeded(in.required("output", output));
      case "dead-lettered" -> new Outcome.DeadLettered(in.required("reason", reason));
      case "cancelled" -> new Outcome.Cancelled();
      case "expired" -> new Outcome.Expired();
      default -> throw in.misfit("a status that this program does not know");
    };
  }

  @Override
  void writeFields(Outcome outcome, JsonGenerator out) {
    out.writeName(STATUS).writeString(outcome.state().wireName());
    switch (outcome) {
      case Outcome.Succeeded(JobOutput output) -> {
        out.writeName(OUTPUT);
        OutputShape.OUTPUT.write(output, out);
      }
      case Outcome.DeadLettered(Failure reason) -> {
        out.writeName(REASON);
        FailureShape.FAILURE.write(reason, out);
      }
      case Outcome.Cancelled _, Outcome.Expired _ -> {
        // The status is all.
      }
    }
  }
}
