package dev.penstock.codec;

import dev.penstock.limit.SpendReport;
import java.util.List;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.SerializedString;

/** {@link SpendReport}. */
final class SpendReportShape extends Shape<SpendReport> {
  private static final SerializedString WORKER = new SerializedString("worker");
  private static final SerializedString INCARNATION = new SerializedString("incarnation");
  private static final SerializedString NUMBER = new SerializedString("number");
  private static final SerializedString SCOPE = new SerializedString("scope");
  private static final SerializedString PERIODS = new SerializedString("periods");
  private static final PeriodShape PERIOD = new PeriodShape();

  @Override
  SpendReport readFields(Fields in) {
    String worker = null;
    Integer incarnation = null;
    Long number = null;
    String scope = null;
    List<SpendReport.Period> periods = null;
    for (String name = in.next(); name != null; name = in.next()) {
      switch (name) {
        case "worker" -> worker = in.text();
        case "incarnation" -> incarnation = in.integer();
        case "number" -> number = in.longInteger();
        case "scope" -> scope = in.text();
        case "periods" -> periods = in.objects(PERIOD);
        default -> in.skip();
      }
    }
    return new SpendReport(
        in.required("worker", worker),
        in.required("incarnation", incarnation),
        in.required("number", number),
        in.required("scope", scope),
        in.required("periods", periods));
  }

  @Override
  void writeFields(SpendReport report, JsonGenerator out) {
    out.writeName(WORKER).writeString(wellFormed(report.worker()));
    out.writeName(INCARNATION).writeNumber(report.incarnation());
    out.writeName(NUMBER).writeNumber(report.number());
    out.writeName(SCOPE).writeString(wellFormed(report.scope()));
    out.writeName(PERIODS);
    PERIOD.writeArray(report.periods(), out);
  }

  private static final class PeriodShape extends Shape<SpendReport.Period> {
    private static final SerializedString NAME = new SerializedString("name");
    private static final SerializedString SPENT = new SerializedString("spent");
    private static final SerializedString CEILING = new SerializedString("ceiling");

    @Override
    SpendReport.Period readFields(Fields in) {
      String period = null;
      Long spent = null;
      Long ceiling = null;
      for (String name = in.next(); name != null; name = in.next()) {
        switch (name) {
          case "name" -> period = in.text();
          case "spent" -> spent = in.longInteger();
          case "ceiling" -> ceiling = in.longInteger();
          default -> in.skip();
        }
      }
      return new SpendReport.Period(
          in.required("name", period),
          in.required("spent", spent),
          in.required("ceiling", ceiling));
    }

    @Override
    void writeFields(SpendReport.Period period, JsonGenerator out) {
      out.writeName(NAME).writeString(wellFormed(period.name()));
      out.writeName(SPENT).writeNumber(period.spent());
      out.writeName(CEILING).writeNumber(period.ceiling());
    }
  }
}
