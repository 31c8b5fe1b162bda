package dev.penstock.codec;

import dev.penstock.replay.Refusal;
import dev.penstock.replay.Tally;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.SerializedString;

/** {@link Tally}. */
final class TallyShape extends Shape<Tally> {
  static final TallyShape TALLY = new TallyShape();

  private static final SerializedString REPLAYED = new SerializedString("replayed");
  private static final SerializedString DISCARDED = new SerializedString("discarded");
  private static final SerializedString PURGED = new SerializedString("purged");
  private static final SerializedString REFUSED = new SerializedString("refused");
  private static final SerializedString SUCCEEDED = new SerializedString("succeeded");
  private static final SerializedString DEAD_LETTERED = new SerializedString("deadLettered");
  private static final SerializedString CANCELLED = new SerializedString("cancelled");
  private static final SerializedString EXPIRED = new SerializedString("expired");
  private static final SerializedString UNKNOWN = new SerializedString("unknown");
  private static final SerializedString CANCELS_ASKED = new SerializedString("cancelsAsked");

  @Override
  Tally readFields(Fields in) {
    Long replayed = null;
    Long discarded = null;
    Long purged = null;
    List<Map.Entry<Refusal, Long>> refused = null;
    Long succeeded = null;
    Long deadLettered = null;
    Long cancelled = null;
    Long expired = null;
    Long unknown = null;
    Long cancelsAsked = null;
    for (String name = in.next(); name != null; name = in.next()) {
      switch (name) {
        case "replayed" -> replayed = in.longInteger();
        case "discarded" -> discarded = in.longInteger();
        case "purged" -> purged = in.longInteger();
        case "refused" -> refused = in.objects(Reason.REASON_COUNT);
        case "succeeded" -> succeeded = in.longInteger();
        case "deadLettered" -> deadLettered = in.longInteger();
        case "cancelled" -> cancelled = in.longInteger();
        case "expired" -> expired = in.longInteger();
        case "unknown" -> unknown = in.longInteger();
        case "cancelsAsked" -> cancelsAsked = in.longInteger();
        default -> in.skip();
      }
    }
    return new Tally(
        in.required("replayed", replayed),
        in.required("discarded", discarded),
        in.required("purged", purged),
        in.required("refused", refused).stream()
            .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue, Long::sum)),
        in.required("succeeded", succeeded),
        in.required("deadLettered", deadLettered),
        in.required("cancelled", cancelled),
        in.required("expired", expired),
        in.required("unknown", unknown),
        in.required("cancelsAsked", cancelsAsked));
  }

  @Override
  void writeFields(Tally tally, JsonGenerator out) {
    out.writeName(REPLAYED).writeNumber(tally.replayed());
    out.writeName(DISCARDED).writeNumber(tally.discarded());
    out.writeName(PURGED).writeNumber(tally.purged());
    out.writeName(REFUSED);
    Reason.REASON_COUNT.writeArray(tally.refused().entrySet(), out);
    out.writeName(SUCCEEDED).writeNumber(tally.succeeded());
    out.writeName(DEAD_LETTERED).writeNumber(tally.deadLettered());
    out.writeName(CANCELLED).writeNumber(tally.cancelled());
    out.writeName(EXPIRED).writeNumber(tally.expired());
    out.writeName(UNKNOWN).writeNumber(tally.unknown());
    out.writeName(CANCELS_ASKED).writeNumber(tally.cancelsAsked());
  }

  private static final class Reason extends Shape<Map.Entry<Refusal, Long>> {
    static final Reason REASON_COUNT = new Reason();

    private static final SerializedString REASON = new SerializedString("reason");
    private static final SerializedString COUNT = new SerializedString("count");

    @Override
    Map.Entry<Refusal, Long> readFields(Fields in) {
      Refusal reason = null;
      Long count = null;
      for (String name = in.next(); name != null; name = in.next()) {
        switch (name) {
          case "reason" -> reason = Refusal.of(in.text());
          case "count" -> count = in.longInteger();
          default -> in.skip();
        }
      }
      return Map.entry(in.required("reason", reason), in.required("count", count));
    }

    @Override
    void writeFields(Map.Entry<Refusal, Long> each, JsonGenerator out) {
      out.writeName(REASON).writeString(each.getKey().wireName());
      out.writeName(COUNT).writeNumber(each.getValue());
    }
  }
}
