package dev.penstock.codec;

import dev.penstock.job.CacheRule;
import dev.penstock.job.CacheTag;
import java.time.Duration;
import java.util.List;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.SerializedString;

/** {@link CacheRule}. */
final class CacheRuleShape extends Shape<CacheRule> {
  static final CacheRuleShape CACHE_RULE = new CacheRuleShape();

  private static final SerializedString ALLOWED = new SerializedString("allowed");
  private static final SerializedString TTL = new SerializedString("ttl");
  private static final SerializedString TAGS = new SerializedString("tags");

  @Override
  CacheRule readFields(Fields in) {
    Boolean allowed = null;
    Duration ttl = null;
    List<CacheTag> tags = null;
    for (String name = in.next(); name != null; name = in.next()) {
      switch (name) {
        case "allowed" -> allowed = in.bool();
        case "ttl" -> ttl = in.isNull() ? null : in.duration();
        case "tags" -> tags = tags(in);
        default -> in.skip();
      }
    }
    return new CacheRule(in.required("allowed", allowed), ttl, in.required("tags", tags));
  }

  @Override
  void writeFields(CacheRule rule, JsonGenerator out) {
    out.writeName(ALLOWED).writeBoolean(rule.allowed());
    Duration ttl = rule.ttl();
    if (ttl != null) {
      out.writeName(TTL).writeString(TimeText.text(ttl));
    }
    writeTags(out.writeName(TAGS), rule.tags());
  }

  static List<CacheTag> tags(Fields in) {
    return in.texts().stream().map(CacheTag::new).toList();
  }

  static void writeTags(JsonGenerator out, List<CacheTag> tags) {
    out.writeStartArray();
    tags.forEach(tag -> out.writeString(tag.text()));
    out.writeEndArray();
  }
}
