package dev.penstock.codec;

import dev.penstock.job.JsonObject;
import dev.penstock.replay.AuditEntry;
import dev.penstock.replay.PlanId;
import java.time.Instant;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.SerializedString;

/** {@link AuditEntry}. */
final class AuditShape extends Shape<AuditEntry> {
  private static final SerializedString SEQUENCE = new SerializedString("sequence");
  private static final SerializedString AT = new SerializedString("at");
  private static final SerializedString WHO = new SerializedString("who");
  private static final SerializedString DID = new SerializedString("did");
  private static final SerializedString OF_PLAN = new SerializedString("ofPlan");
  private static final SerializedString DETAIL = new SerializedString("detail");
  private static final SerializedString PREVIOUS_HASH = new SerializedString("previousHash");
  private static final SerializedString HASH = new SerializedString("hash");

  @Override
  AuditEntry readFields(Fields in) {
    Long sequence = null;
    Instant at = null;
    String who = null;
    String did = null;
    PlanId plan = null;
    JsonObject detail = null;
    String previousHash = null;
    String hash = null;
    for (String name = in.next(); name != null; name = in.next()) {
      switch (name) {
        case "sequence" -> sequence = in.longInteger();
        case "at" -> at = in.instant();
        case "who" -> who = in.text();
        case "did" -> did = in.text();
        case "ofPlan" -> plan = in.isNull() ? null : new PlanId(in.text());
        case "detail" -> detail = in.isNull() ? null : in.jsonObject();
        case "previousHash" -> previousHash = in.text();
        case "hash" -> hash = in.text();
        default -> in.skip();
      }
    }
    return new AuditEntry(
        in.required("sequence", sequence),
        in.required("at", at),
        in.required("who", who),
        in.required("did", did),
        plan,
        detail,
        in.required("previousHash", previousHash),
        in.required("hash", hash));
  }

  @Override
  void writeFields(AuditEntry entry, JsonGenerator out) {
    out.writeName(SEQUENCE).writeNumber(entry.sequence());
    out.writeName(AT).writeString(TimeText.text(entry.at()));
    out.writeName(WHO).writeString(wellFormed(entry.who()));
    out.writeName(DID).writeString(entry.did());
    PlanId plan = entry.plan();
    if (plan != null) {
      out.writeName(OF_PLAN).writeString(plan.text());
    }
    JsonObject detail = entry.detail();
    if (detail != null) {
      out.writeName(DETAIL).writeRawValue(detail.text());
    }
    out.writeName(PREVIOUS_HASH).writeString(entry.previousHash());
    out.writeName(HASH).writeString(entry.hash());
  }
}
