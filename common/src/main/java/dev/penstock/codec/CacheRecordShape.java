package dev.penstock.codec;

import dev.penstock.cache.CacheRecord;
import dev.penstock.cache.Fingerprint;
import dev.penstock.job.CacheTag;
import dev.penstock.job.JobOutput;
import dev.penstock.job.Served;
import dev.penstock.job.TenantId;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.SerializedString;

/** {@link CacheRecord}: what it is first, then what that has. */
final class CacheRecordShape extends Shape<CacheRecord> {
  private static final SerializedString ENTRY = new SerializedString("entry");
  private static final SerializedString REQUEST = new SerializedString("request");
  private static final SerializedString WORKER = new SerializedString("worker");
  private static final SerializedString INCARNATION = new SerializedString("incarnation");
  private static final SerializedString NUMBER = new SerializedString("number");
  private static final SerializedString TENANT = new SerializedString("tenant");
  private static final SerializedString TAGS = new SerializedString("tags");
  private static final SerializedString TAG = new SerializedString("tag");
  private static final SerializedString CLAIM = new SerializedString("claim");
  private static final SerializedString EXPIRE_AFTER = new SerializedString("expireAfter");
  private static final SerializedString PROVIDER = new SerializedString("provider");
  private static final SerializedString SERVED = new SerializedString("served");
  private static final SerializedString OUTPUT = new SerializedString("output");
  private static final SerializedString FRUITLESS = new SerializedString("fruitless");

  @Override
  CacheRecord readFields(Fields in) {
    return switch (in.type("entry")) {
      case "claim" -> claim(in);
      case "answer" -> answer(in);
      case "released" -> released(in);
      case "invalidated" -> invalidated(in);
      case "beat" -> beat(in);
      default -> throw in.misfit("a record of the cache that this program does not know");
    };
  }

  private static CacheRecord claim(Fields in) {
    var owner = new OwnerFields();
    Fingerprint request = null;
    Long number = null;
    TenantId tenant = null;
    List<CacheTag> tags = null;
    for (String name = in.next(); name != null; name = in.next()) {
      switch (name) {
        case "request" -> request = new Fingerprint(in.text());
        case "number" -> number = in.longInteger();
        case "tenant" -> tenant = TenantId.of(in.text());
        case "tags" -> tags = CacheRuleShape.tags(in);
        default -> owner.take(name, in);
      }
    }
    return new CacheRecord.Claim(
        in.required("request", request),
        owner.owner(in),
        in.required("number", number),
        in.required("tenant", tenant),
        in.required("tags", tags));
  }

  private static CacheRecord answer(Fields in) {
    Fingerprint request = null;
    Long claim = null;
    TenantId tenant = null;
    List<CacheTag> tags = null;
    Duration expireAfter = null;
    String provider = null;
    Served served = null;
    JobOutput output = null;
    for (String name = in.next(); name != null; name = in.next()) {
      switch (name) {
        case "request" -> request = new Fingerprint(in.text());
        case "claim" -> claim = in.isNull() ? null : (Long) in.longInteger();
        case "tenant" -> tenant = TenantId.of(in.text());
        case "tags" -> tags = CacheRuleShape.tags(in);
        case "expireAfter" -> expireAfter = in.duration();
        case "provider" -> provider = in.text();
        case "served" -> served = in.isNull() ? null : in.object(ServedShape.SERVED);
        case "output" -> output = in.object(OutputShape.OUTPUT);
        default -> in.skip();
      }
    }
    return new CacheRecord.Answer(
        in.required("request", request),
        claim,
        in.required("tenant", tenant),
        in.required("tags", tags),
        in.required("expireAfter", expireAfter),
        in.required("provider", provider),
        served,
        in.required("output", output));
  }

  private static CacheRecord released(Fields in) {
    var owner = new OwnerFields();
    Fingerprint request = null;
    Long number = null;
    Boolean fruitless = null;
    for (String name = in.next(); name != null; name = in.next()) {
      switch (name) {
        case "request" -> request = new Fingerprint(in.text());
        case "number" -> number = in.longInteger();
        case "fruitless" -> fruitless = in.bool();
        default -> owner.take(name, in);
      }
    }
    return new CacheRecord.Released(
        in.required("request", request),
        owner.owner(in),
        in.required("number", number),
        in.required("fruitless", fruitless));
  }

  private static CacheRecord invalidated(Fields in) {
    TenantId tenant = null;
    CacheTag tag = null;
    for (String name = in.next(); name != null; name = in.next()) {
      switch (name) {
        case "tenant" -> tenant = TenantId.of(in.text());
        case "tag" -> tag = new CacheTag(in.text());
        default -> in.skip();
      }
    }
    return new CacheRecord.Invalidated(in.required("tenant", tenant), in.required("tag", tag));
  }

  private static CacheRecord beat(Fields in) {
    var owner = new OwnerFields();
    Long number = null;
    for (String name = in.next(); name != null; name = in.next()) {
      if (name.equals("number")) {
        number = in.longInteger();
      } else {
        owner.take(name, in);
      }
    }
    return new CacheRecord.Beat(owner.owner(in), in.required("number", number));
  }

  @Override
  void writeFields(CacheRecord record, JsonGenerator out) {
    switch (record) {
      case CacheRecord.Claim claim -> {
        out.writeName(ENTRY).writeString("claim");
        out.writeName(REQUEST).writeString(claim.request().hex());
        owner(claim.owner(), out);
        out.writeName(NUMBER).writeNumber(claim.number());
        out.writeName(TENANT).writeString(claim.tenant().name());
        CacheRuleShape.writeTags(out.writeName(TAGS), claim.tags());
      }
      case CacheRecord.Answer answer -> write(answer, out);
      case CacheRecord.Released released -> {
        out.writeName(ENTRY).writeString("released");
        out.writeName(REQUEST).writeString(released.request().hex());
        owner(released.owner(), out);
        out.writeName(NUMBER).writeNumber(released.number());
        out.writeName(FRUITLESS).writeBoolean(released.fruitless());
      }
      case CacheRecord.Invalidated(TenantId tenant, CacheTag tag) -> {
        out.writeName(ENTRY).writeString("invalidated");
        out.writeName(TENANT).writeString(tenant.name());
        out.writeName(TAG).writeString(tag.text());
      }
      case CacheRecord.Beat(CacheRecord.Owner owner, long number) -> {
        out.writeName(ENTRY).writeString("beat");
        owner(owner, out);
        out.writeName(NUMBER).writeNumber(number);
      }
    }
  }

  private static void write(CacheRecord.Answer answer, JsonGenerator out) {
    out.writeName(ENTRY).writeString("answer");
    out.writeName(REQUEST).writeString(answer.request().hex());
    Long claim = answer.claim();
    if (claim != null) {
      out.writeName(CLAIM).writeNumber(claim);
    }
    out.writeName(TENANT).writeString(answer.tenant().name());
    CacheRuleShape.writeTags(out.writeName(TAGS), answer.tags());
    out.writeName(EXPIRE_AFTER).writeString(TimeText.text(answer.expireAfter()));
    out.writeName(PROVIDER).writeString(wellFormed(answer.provider()));
    Served served = answer.served();
    if (served != null) {
      out.writeName(SERVED);
      ServedShape.SERVED.write(served, out);
    }
    out.writeName(OUTPUT);
    OutputShape.OUTPUT.write(answer.output(), out);
  }

  private static void owner(CacheRecord.Owner owner, JsonGenerator out) {
    out.writeName(WORKER).writeString(wellFormed(owner.worker()));
    out.writeName(INCARNATION).writeNumber(owner.incarnation());
  }

  private static final class OwnerFields {
    private @Nullable String worker;
    private @Nullable Integer incarnation;

    void take(String name, Fields in) {
      switch (name) {
        case "worker" -> worker = in.text();
        case "incarnation" -> incarnation = in.integer();
        default -> in.skip();
      }
    }

    CacheRecord.Owner owner(Fields in) {
      return new CacheRecord.Owner(
          in.required("worker", worker), in.required("incarnation", incarnation));
    }
  }
}
