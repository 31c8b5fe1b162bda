package dev.penstock.codec;

import dev.penstock.limit.LimitReport;
import java.util.List;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.SerializedString;

/** {@link LimitReport}. */
final class LimitReportShape extends Shape<LimitReport> {
  private static final SerializedString WORKER = new SerializedString("worker");
  private static final SerializedString INCARNATION = new SerializedString("incarnation");
  private static final SerializedString NUMBER = new SerializedString("number");
  private static final SerializedString ENTRIES = new SerializedString("entries");
  private static final EntryShape ENTRY = new EntryShape();

  @Override
  LimitReport readFields(Fields in) {
    String worker = null;
    Integer incarnation = null;
    Long number = null;
    List<LimitReport.Entry> entries = null;
    for (String name = in.next(); name != null; name = in.next()) {
      switch (name) {
        case "worker" -> worker = in.text();
        case "incarnation" -> incarnation = in.integer();
        case "number" -> number = in.longInteger();
        case "entries" -> entries = in.objects(ENTRY);
        default -> in.skip();
      }
    }
    return new LimitReport(
        in.required("worker", worker),
        in.required("incarnation", incarnation),
        in.required("number", number),
        in.required("entries", entries));
  }

  @Override
  void writeFields(LimitReport report, JsonGenerator out) {
    out.writeName(WORKER).writeString(wellFormed(report.worker()));
    out.writeName(INCARNATION).writeNumber(report.incarnation());
    out.writeName(NUMBER).writeNumber(report.number());
    out.writeName(ENTRIES);
    ENTRY.writeArray(report.entries(), out);
  }

  private static final class EntryShape extends Shape<LimitReport.Entry> {
    private static final SerializedString LIMIT = new SerializedString("limit");
    private static final SerializedString MOST = new SerializedString("most");
    private static final SerializedString HOLDS = new SerializedString("holds");
    private static final SerializedString WANTS = new SerializedString("wants");
    private static final SerializedString DEMAND = new SerializedString("demand");
    private static final SerializedString CLOSED_MILLIS = new SerializedString("closedMillis");

    @Override
    LimitReport.Entry readFields(Fields in) {
      String limit = null;
      Long most = null;
      Long holds = null;
      Long wants = null;
      Long demand = null;
      long closedMillis = 0;
      for (String name = in.next(); name != null; name = in.next()) {
        switch (name) {
          case "limit" -> limit = in.text();
          case "most" -> most = in.longInteger();
          case "holds" -> holds = in.longInteger();
          case "wants" -> wants = in.longInteger();
          case "demand" -> demand = in.longInteger();
          case "closedMillis" -> closedMillis = in.isNull() ? 0 : in.longInteger();
          default -> in.skip();
        }
      }
      return new LimitReport.Entry(
          in.required("limit", limit),
          in.required("most", most),
          in.required("holds", holds),
          in.required("wants", wants),
          in.required("demand", demand),
          closedMillis);
    }

    @Override
    void writeFields(LimitReport.Entry entry, JsonGenerator out) {
      out.writeName(LIMIT).writeString(wellFormed(entry.limit()));
      out.writeName(MOST).writeNumber(entry.most());
      out.writeName(HOLDS).writeNumber(entry.holds());
      out.writeName(WANTS).writeNumber(entry.wants());
      out.writeName(DEMAND).writeNumber(entry.demand());
      if (entry.closedMillis() > 0) {
        out.writeName(CLOSED_MILLIS).writeNumber(entry.closedMillis());
      }
    }
  }
}
