package dev.penstock.codec;

import dev.penstock.job.JobId;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.Refusal;
import dev.penstock.replay.Tally;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.SerializedString;

/** {@link LedgerRecord}: which one first, then what it has. */
final class LedgerShape extends Shape<LedgerRecord> {
  private static final SerializedString NAME = new SerializedString("ledger");
  private static final SerializedString PLAN = new SerializedString("plan");
  private static final SerializedString OFFSET = new SerializedString("offset");
  private static final SerializedString JOB_ID = new SerializedString("jobId");
  private static final SerializedString GENERATION = new SerializedString("generation");
  private static final SerializedString OF_JOB = new SerializedString("ofJob");
  private static final SerializedString OF_GENERATION = new SerializedString("ofGeneration");
  private static final SerializedString REASON = new SerializedString("reason");
  private static final SerializedString DETAIL = new SerializedString("detail");
  private static final SerializedString STAGE = new SerializedString("stage");
  private static final SerializedString NEXT_OFFSET = new SerializedString("nextOffset");
  private static final SerializedString COMPLETE = new SerializedString("complete");
  private static final SerializedString TALLY = new SerializedString("tally");
  private static final SerializedString EVENTS_FROM = new SerializedString("eventsFrom");
  private static final SerializedString SEEN = new SerializedString("seen");
  private static final SerializedString CANCELS_TO = new SerializedString("cancelsTo");
  private static final SerializedString CUT_TO = new SerializedString("cutTo");
  private static final SerializedString ORDERING_KEY = new SerializedString("orderingKey");
  private static final SerializedString AT = new SerializedString("at");

  @Override
  LedgerRecord readFields(Fields in) {
    String type = in.type("ledger");
    PlanId plan = null;
    Long offset = null;
    JobId jobId = null;
    Integer generation = null;
    String reason = null;
    String detail = null;
    Integer stage = null;
    Long nextOffset = null;
    Boolean complete = null;
    Tally tally = null;
    Long eventsFrom = null;
    Integer seen = null;
    Long cancelsTo = null;
    Long cutTo = null;
    String orderingKey = null;
    Instant at = null;
    for (String name = in.next(); name != null; name = in.next()) {
      switch (name) {
        case "plan" -> plan = new PlanId(in.text());
        case "offset" -> offset = in.longInteger();
        case "jobId" -> jobId = in.id();
        case "generation" -> generation = in.integer();
        case "ofJob" -> jobId = in.isNull() ? null : in.id();
        case "ofGeneration" -> generation = in.isNull() ? null : Integer.valueOf(in.integer());
        case "reason" -> reason = in.text();
        case "detail" -> detail = in.isNull() ? null : in.text();
        case "stage" -> stage = in.integer();
        case "nextOffset" -> nextOffset = in.longInteger();
        case "complete" -> complete = in.bool();
        case "tally" -> tally = in.object(TallyShape.TALLY);
        case "eventsFrom" -> eventsFrom = in.longInteger();
        case "seen" -> seen = in.integer();
        case "cancelsTo" -> cancelsTo = in.longInteger();
        case "cutTo" -> cutTo = in.isNull() ? null : Long.valueOf(in.longInteger());
        case "orderingKey" -> orderingKey = in.isNull() ? null : in.text();
        case "at" -> at = in.instant();
        default -> in.skip();
      }
    }
    in.required("plan", plan);
    in.required("at", at);
    return switch (type) {
      case "replayed" ->
          new LedgerRecord.Replayed(
              in.required("offset", offset),
              in.required("jobId", jobId),
              in.required("generation", generation),
              in.required("plan", plan),
              orderingKey,
              in.required("at", at));
      case "discarded" ->
          new LedgerRecord.Discarded(
              in.required("offset", offset),
              jobId,
              generation,
              in.required("plan", plan),
              in.required("reason", reason),
              in.required("at", at));
      case "purged" ->
          new LedgerRecord.Purged(
              in.required("offset", offset),
              jobId,
              generation,
              in.required("plan", plan),
              in.required("reason", reason),
              in.required("at", at));
      case "refused" ->
          new LedgerRecord.Refused(
              in.required("offset", offset),
              in.required("plan", plan),
              Refusal.of(in.required("reason", reason)),
              detail,
              in.required("at", at));
      case "progress" ->
          new LedgerRecord.Progress(
              in.required("plan", plan),
              in.required("stage", stage),
              in.required("nextOffset", nextOffset),
              in.required("complete", complete),
              in.required("tally", tally),
              in.required("eventsFrom", eventsFrom),
              in.required("seen", seen),
              in.required("cancelsTo", cancelsTo),
              cutTo,
              in.required("at", at));
      default -> throw in.misfit("a record of the ledger that this program does not know");
    };
  }

  @Override
  void writeFields(LedgerRecord record, JsonGenerator out) {
    switch (record) {
      case LedgerRecord.Replayed replayed -> {
        head("replayed", record, out);
        out.writeName(OFFSET).writeNumber(replayed.offset());
        out.writeName(JOB_ID).writeString(replayed.jobId().toString());
        out.writeName(GENERATION).writeNumber(replayed.generation());
        String key = replayed.orderingKey();
        if (key != null) {
          out.writeName(ORDERING_KEY).writeString(key);
        }
      }
      case LedgerRecord.Discarded discarded -> {
        head("discarded", record, out);
        letter(discarded.offset(), discarded.job(), discarded.generation(), out);
        out.writeName(REASON).writeString(wellFormed(discarded.reason()));
      }
      case LedgerRecord.Purged purged -> {
        head("purged", record, out);
        letter(purged.offset(), purged.job(), purged.generation(), out);
        out.writeName(REASON).writeString(wellFormed(purged.reason()));
      }
      case LedgerRecord.Refused refused -> {
        head("refused", record, out);
        out.writeName(OFFSET).writeNumber(refused.offset());
        out.writeName(REASON).writeString(refused.reason().wireName());
        String detail = refused.detail();
        if (detail != null) {
          out.writeName(DETAIL).writeString(wellFormed(detail));
        }
      }
      case LedgerRecord.Progress progress -> {
        head("progress", record, out);
        out.writeName(STAGE).writeNumber(progress.stage());
        out.writeName(NEXT_OFFSET).writeNumber(progress.nextOffset());
        out.writeName(COMPLETE).writeBoolean(progress.complete());
        out.writeName(TALLY);
        TallyShape.TALLY.write(progress.tally(), out);
        out.writeName(EVENTS_FROM).writeNumber(progress.eventsFrom());
        out.writeName(SEEN).writeNumber(progress.seen());
        out.writeName(CANCELS_TO).writeNumber(progress.cancelsTo());
        Long cutTo = progress.cutTo();
        if (cutTo != null) {
          out.writeName(CUT_TO).writeNumber(cutTo);
        }
      }
    }
    out.writeName(AT).writeString(TimeText.text(record.at()));
  }

  private static void letter(
      long offset, @Nullable JobId job, @Nullable Integer generation, JsonGenerator out) {
    out.writeName(OFFSET).writeNumber(offset);
    if (job != null) {
      out.writeName(OF_JOB).writeString(job.toString());
    }
    if (generation != null) {
      out.writeName(OF_GENERATION).writeNumber(generation);
    }
  }

  private static void head(String type, LedgerRecord record, JsonGenerator out) {
    out.writeName(NAME).writeString(type);
    out.writeName(PLAN).writeString(record.plan().text());
  }
}
