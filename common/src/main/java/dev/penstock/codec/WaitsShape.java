package dev.penstock.codec;

import dev.penstock.job.Waits;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.SerializedString;

/** {@link Waits}. */
final class WaitsShape extends Shape<Waits> {
  static final WaitsShape WAITS = new WaitsShape();

  private static final SerializedString QUEUED = new SerializedString("queuedMillis");
  private static final SerializedString LIMIT = new SerializedString("limitMillis");

  @Override
  Waits readFields(Fields in) {
    Long queued = null;
    Long limit = null;
    for (String name = in.next(); name != null; name = in.next()) {
      switch (name) {
        case "queuedMillis" -> queued = in.longInteger();
        case "limitMillis" -> limit = in.longInteger();
        default -> in.skip();
      }
    }
    return new Waits(in.required("queuedMillis", queued), in.required("limitMillis", limit));
  }

  @Override
  void writeFields(Waits waits, JsonGenerator out) {
    out.writeName(QUEUED).writeNumber(waits.queuedMillis());
    out.writeName(LIMIT).writeNumber(waits.limitMillis());
  }
}
