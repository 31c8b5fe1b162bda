package dev.penstock.codec;

import dev.penstock.job.JobId;
import dev.penstock.job.JobRecord;
import dev.penstock.job.OrderedRecord;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.SerializedString;

/** {@link OrderedRecord}: which one first, then what it has. */
final class OrderedShape extends Shape<OrderedRecord> {
  private static final JobRecordShape RECORDS = new JobRecordShape();

  private static final SerializedString NAME = new SerializedString("ordered");
  private static final SerializedString JOB_ID = new SerializedString("jobId");
  private static final SerializedString GENERATION = new SerializedString("generation");
  private static final SerializedString TRACEPARENT = new SerializedString("traceparent");
  private static final SerializedString RECORD = new SerializedString("record");

  @Override
  OrderedRecord readFields(Fields in) {
    String type = in.type("ordered");
    JobId jobId = null;
    Integer generation = null;
    JobRecord record = null;
    String traceparent = null;
    for (String name = in.next(); name != null; name = in.next()) {
      switch (name) {
        case "jobId" -> jobId = in.id();
        case "generation" -> generation = in.integer();
        case "record" -> record = in.object(RECORDS);
        case "traceparent" -> traceparent = in.isNull() ? null : in.text();
        default -> in.skip();
      }
    }
    return switch (type) {
      case "enter" -> new OrderedRecord.Enter(in.required("record", record), traceparent);
      case "release" ->
          new OrderedRecord.Release(
              in.required("jobId", jobId), in.required("generation", generation));
      case "cancel" ->
          new OrderedRecord.Cancel(
              in.required("jobId", jobId), in.required("generation", generation));
      default -> throw in.misfit("an ordered record that this program does not know");
    };
  }

  @Override
  void writeFields(OrderedRecord ordered, JsonGenerator out) {
    switch (ordered) {
      case OrderedRecord.Enter enter -> {
        out.writeName(NAME).writeString("enter");
        String traceparent = enter.traceparent();
        if (traceparent != null) {
          out.writeName(TRACEPARENT).writeString(traceparent);
        }
        out.writeName(RECORD);
        RECORDS.write(enter.record(), out);
      }
      case OrderedRecord.Release release -> reference("release", release, out);
      case OrderedRecord.Cancel cancel -> reference("cancel", cancel, out);
    }
  }

  private static void reference(String name, OrderedRecord ordered, JsonGenerator out) {
    out.writeName(NAME).writeString(name);
    out.writeName(JOB_ID).writeString(ordered.jobId().toString());
    out.writeName(GENERATION).writeNumber(ordered.generation());
  }
}
