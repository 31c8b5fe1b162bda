package dev.penstock.codec;

import dev.penstock.job.JsonObject;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.PlanRecord.Canary;
import dev.penstock.replay.PlanRecord.Pace;
import dev.penstock.replay.PlanRecord.Share;
import dev.penstock.replay.PlanRecord.State;
import java.time.Instant;
import java.util.List;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.SerializedString;

/** {@link PlanRecord}: which one first, then what it has. */
final class PlanShape extends Shape<PlanRecord> {
  private static final SerializedString NAME = new SerializedString("part");
  private static final SerializedString ID = new SerializedString("id");
  private static final SerializedString TITLE = new SerializedString("name");
  private static final SerializedString REQUESTED_BY = new SerializedString("requestedBy");
  private static final SerializedString CREATED_AT = new SerializedString("createdAt");
  private static final SerializedString SELECTION = new SerializedString("selection");
  private static final SerializedString ENDS = new SerializedString("ends");
  private static final SerializedString CANARY = new SerializedString("canary");
  private static final SerializedString PREVIEW = new SerializedString("preview");
  private static final SerializedString DO = new SerializedString("do");
  private static final SerializedString PACE = new SerializedString("pace");
  private static final SerializedString SHARES = new SerializedString("shares");
  private static final SerializedString STATE = new SerializedString("state");
  private static final SerializedString STAGE = new SerializedString("stage");
  private static final SerializedString VERSION = new SerializedString("version");
  private static final SerializedString CHANGED_AT = new SerializedString("changedAt");
  private static final SerializedString NOTE = new SerializedString("note");
  private static final SerializedString PARTITION = new SerializedString("partition");
  private static final SerializedString NUMBER = new SerializedString("number");
  private static final SerializedString OFFSETS = new SerializedString("offsets");

  @Override
  PlanRecord readFields(Fields in) {
    String type = in.type("part");
    PlanId id = null;
    String title = null;
    String requestedBy = null;
    Instant createdAt = null;
    JsonObject selection = null;
    JsonObject preview = null;
    List<Long> ends = null;
    Canary canary = null;
    Action action = null;
    Pace pace = null;
    List<Share> shares = null;
    State state = null;
    Integer stage = null;
    Integer version = null;
    Instant changedAt = null;
    String note = null;
    Integer partition = null;
    Integer number = null;
    String offsets = null;
    for (String name = in.next(); name != null; name = in.next()) {
      switch (name) {
        case "id" -> id = new PlanId(in.text());
        case "name" -> title = in.text();
        case "requestedBy" -> requestedBy = in.text();
        case "createdAt" -> createdAt = in.instant();
        case "selection" -> selection = in.jsonObject();
        case "preview" -> preview = in.jsonObject();
        case "ends" -> ends = in.longIntegers();
        case "canary" -> canary = in.isNull() ? null : in.object(CanaryShape.CANARY_SHAPE);
        case "do" -> action = in.object(ActionShape.ACTION);
        case "pace" -> pace = in.object(PaceShape.PACE_SHAPE);
        case "shares" -> shares = in.objects(ShareShape.SHARE);
        case "state" -> state = State.of(in.text());
        case "stage" -> stage = in.integer();
        case "version" -> version = in.integer();
        case "changedAt" -> changedAt = in.instant();
        case "note" -> note = in.isNull() ? null : in.text();
        case "partition" -> partition = in.integer();
        case "number" -> number = in.integer();
        case "offsets" -> offsets = in.text();
        default -> in.skip();
      }
    }
    return switch (type) {
      case "plan" ->
          new PlanRecord.Plan(
              in.required("id", id),
              in.required("name", title),
              in.required("requestedBy", requestedBy),
              in.required("createdAt", createdAt),
              in.required("selection", selection),
              in.required("ends", ends),
              in.required("do", action),
              in.required("pace", pace),
              canary,
              in.required("shares", shares),
              in.required("state", state),
              in.required("stage", stage),
              in.required("version", version),
              in.required("changedAt", changedAt),
              note);
      case "offsets" ->
          new PlanRecord.Offsets(
              in.required("id", id),
              in.required("stage", stage),
              in.required("partition", partition),
              in.required("number", number),
              in.required("offsets", offsets));
      case "preview" ->
          new PlanRecord.Preview(in.required("id", id), in.required("preview", preview));
      default -> throw in.misfit("a part of a plan that this program does not know");
    };
  }

  @Override
  void writeFields(PlanRecord record, JsonGenerator out) {
    switch (record) {
      case PlanRecord.Plan plan -> {
        out.writeName(NAME).writeString("plan");
        out.writeName(ID).writeString(plan.id().text());
        out.writeName(TITLE).writeString(wellFormed(plan.name()));
        out.writeName(REQUESTED_BY).writeString(wellFormed(plan.requestedBy()));
        out.writeName(CREATED_AT).writeString(TimeText.text(plan.createdAt()));
        out.writeName(SELECTION).writeRawValue(plan.selection().text());
        out.writeName(ENDS).writeStartArray();
        plan.ends().forEach(out::writeNumber);
        out.writeEndArray();
        out.writeName(DO);
        ActionShape.ACTION.write(plan.action(), out);
        out.writeName(PACE);
        PaceShape.PACE_SHAPE.write(plan.pace(), out);
        Canary canary = plan.canary();
        if (canary != null) {
          out.writeName(CANARY);
          CanaryShape.CANARY_SHAPE.write(canary, out);
        }
        out.writeName(SHARES);
        ShareShape.SHARE.writeArray(plan.shares(), out);
        out.writeName(STATE).writeString(plan.state().wireName());
        out.writeName(STAGE).writeNumber(plan.stage());
        out.writeName(VERSION).writeNumber(plan.version());
        out.writeName(CHANGED_AT).writeString(TimeText.text(plan.changedAt()));
        String note = plan.note();
        if (note != null) {
          out.writeName(NOTE).writeString(wellFormed(note));
        }
      }
      case PlanRecord.Offsets part -> {
        out.writeName(NAME).writeString("offsets");
        out.writeName(ID).writeString(part.id().text());
        out.writeName(STAGE).writeNumber(part.stage());
        out.writeName(PARTITION).writeNumber(part.partition());
        out.writeName(NUMBER).writeNumber(part.number());
        out.writeName(OFFSETS).writeString(part.offsets());
      }
      case PlanRecord.Preview preview -> {
        out.writeName(NAME).writeString("preview");
        out.writeName(ID).writeString(preview.id().text());
        out.writeName(PREVIEW).writeRawValue(preview.preview().text());
      }
    }
  }

  private static final class ActionShape extends Shape<Action> {
    static final ActionShape ACTION = new ActionShape();

    private static final SerializedString NAME = new SerializedString("action");
    private static final SerializedString MAX_GENERATION = new SerializedString("maxGeneration");
    private static final SerializedString PATCH = new SerializedString("patch");
    private static final SerializedString REASON = new SerializedString("reason");

    @Override
    Action readFields(Fields in) {
      String type = in.type("action");
      Integer maxGeneration = null;
      String patch = null;
      String reason = null;
      for (String name = in.next(); name != null; name = in.next()) {
        switch (name) {
          case "maxGeneration" -> maxGeneration = in.integer();
          case "patch" -> patch = in.isNull() ? null : in.text();
          case "reason" -> reason = in.text();
          default -> in.skip();
        }
      }
      return switch (type) {
        case "replay" -> new Action.Replay(in.required("maxGeneration", maxGeneration), patch);
        case "purge" -> new Action.Purge(in.required("reason", reason));
        case "discard" -> new Action.Discard(in.required("reason", reason));
        default -> throw in.misfit("an action that this program does not know");
      };
    }

    @Override
    void writeFields(Action action, JsonGenerator out) {
      switch (action) {
        case Action.Replay replay -> {
          out.writeName(NAME).writeString("replay");
          out.writeName(MAX_GENERATION).writeNumber(replay.maxGeneration());
          String patch = replay.patch();
          if (patch != null) {
            out.writeName(PATCH).writeString(patch);
          }
        }
        case Action.Discard discard -> {
          out.writeName(NAME).writeString("discard");
          out.writeName(REASON).writeString(wellFormed(discard.reason()));
        }
        case Action.Purge purge -> {
          out.writeName(NAME).writeString("purge");
          out.writeName(REASON).writeString(wellFormed(purge.reason()));
        }
      }
    }
  }

  /** How much it is: {@code size} says of what {@code amount} is the number. */
  private static final class CanaryShape extends Shape<Canary> {
    static final CanaryShape CANARY_SHAPE = new CanaryShape();

    private static final SerializedString SIZE = new SerializedString("size");
    private static final SerializedString AMOUNT = new SerializedString("amount");
    private static final SerializedString THEN = new SerializedString("then");
    private static final SerializedString MIN_SUCCEEDED = new SerializedString("minSucceeded");

    @Override
    Canary readFields(Fields in) {
      String size = null;
      Double amount = null;
      Canary.Then then = null;
      Double minSucceeded = null;
      for (String name = in.next(); name != null; name = in.next()) {
        switch (name) {
          case "size" -> size = in.text();
          case "amount" -> amount = in.real();
          case "then" -> then = Canary.Then.of(in.text());
          case "minSucceeded" -> minSucceeded = in.real();
          default -> in.skip();
        }
      }
      double number = in.required("amount", amount);
      Canary.Then follows = in.required("then", then);
      double share = in.required("minSucceeded", minSucceeded);
      return switch (in.required("size", size)) {
        case "count" -> {
          if (number != Math.rint(number)) {
            throw in.misfit("a count that is no whole number");
          }
          yield new Canary((int) number, null, follows, share);
        }
        case "percent" -> new Canary(null, number, follows, share);
        default -> throw in.misfit("a size of a canary that this program does not know");
      };
    }

    @Override
    void writeFields(Canary canary, JsonGenerator out) {
      Integer count = canary.count();
      Double percent = canary.percent();
      out.writeName(SIZE).writeString(count == null ? "percent" : "count");
      if (count != null) {
        out.writeName(AMOUNT).writeNumber(count);
      } else if (percent != null) {
        out.writeName(AMOUNT).writeNumber(percent);
      }
      out.writeName(THEN).writeString(canary.then().wireName());
      out.writeName(MIN_SUCCEEDED).writeNumber(canary.minSucceeded());
    }
  }

  private static final class PaceShape extends Shape<Pace> {
    static final PaceShape PACE_SHAPE = new PaceShape();

    private static final SerializedString IN_FLIGHT = new SerializedString("inFlight");
    private static final SerializedString PER_SECOND = new SerializedString("perSecond");

    @Override
    Pace readFields(Fields in) {
      Integer inFlight = null;
      Double perSecond = null;
      for (String name = in.next(); name != null; name = in.next()) {
        switch (name) {
          case "inFlight" -> inFlight = in.integer();
          case "perSecond" -> perSecond = in.isNull() ? null : Double.valueOf(in.real());
          default -> in.skip();
        }
      }
      return new Pace(in.required("inFlight", inFlight), perSecond);
    }

    @Override
    void writeFields(Pace pace, JsonGenerator out) {
      out.writeName(IN_FLIGHT).writeNumber(pace.inFlight());
      Double perSecond = pace.perSecond();
      if (perSecond != null) {
        out.writeName(PER_SECOND).writeNumber(perSecond);
      }
    }
  }

  private static final class ShareShape extends Shape<Share> {
    static final ShareShape SHARE = new ShareShape();

    private static final SerializedString STAGE = new SerializedString("stage");
    private static final SerializedString PARTITION = new SerializedString("partition");
    private static final SerializedString COUNT = new SerializedString("count");
    private static final SerializedString PARTS = new SerializedString("parts");

    @Override
    Share readFields(Fields in) {
      Integer stage = null;
      Integer partition = null;
      Long count = null;
      Integer parts = null;
      for (String name = in.next(); name != null; name = in.next()) {
        switch (name) {
          case "stage" -> stage = in.integer();
          case "partition" -> partition = in.integer();
          case "count" -> count = in.longInteger();
          case "parts" -> parts = in.integer();
          default -> in.skip();
        }
      }
      return new Share(
          in.required("stage", stage),
          in.required("partition", partition),
          in.required("count", count),
          in.required("parts", parts));
    }

    @Override
    void writeFields(Share share, JsonGenerator out) {
      out.writeName(STAGE).writeNumber(share.stage());
      out.writeName(PARTITION).writeNumber(share.partition());
      out.writeName(COUNT).writeNumber(share.count());
      out.writeName(PARTS).writeNumber(share.parts());
    }
  }
}
