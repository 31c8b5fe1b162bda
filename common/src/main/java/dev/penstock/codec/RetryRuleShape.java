package dev.penstock.codec;

import dev.penstock.job.RetryRule;
import java.time.Duration;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.SerializedString;

/** {@link RetryRule} as JSON. */
final class RetryRuleShape extends Shape<RetryRule> {
  static final RetryRuleShape RETRY_RULE = new RetryRuleShape();

  private static final SerializedString BASE_DELAY = new SerializedString("baseDelay");
  private static final SerializedString MAX_DELAY = new SerializedString("maxDelay");
  private static final SerializedString MULTIPLIER = new SerializedString("multiplier");

  @Override
  RetryRule readFields(Fields in) {
    Duration baseDelay = null;
    Duration maxDelay = null;
    Double multiplier = null;
    for (String name = in.next(); name != null; name = in.next()) {
      switch (name) {
        case "baseDelay" -> baseDelay = in.isNull() ? null : in.duration();
        case "maxDelay" -> maxDelay = in.isNull() ? null : in.duration();
        case "multiplier" -> multiplier = in.isNull() ? null : (Double) in.real();
        default -> in.skip();
      }
    }
    return new RetryRule(baseDelay, maxDelay, multiplier);
  }

  @Override
  void writeFields(RetryRule rule, JsonGenerator out) {
    Duration baseDelay = rule.baseDelay();
    if (baseDelay != null) {
      out.writeName(BASE_DELAY).writeString(TimeText.text(baseDelay));
    }
    Duration maxDelay = rule.maxDelay();
    if (maxDelay != null) {
      out.writeName(MAX_DELAY).writeString(TimeText.text(maxDelay));
    }
    Double multiplier = rule.multiplier();
    if (multiplier != null) {
      out.writeName(MULTIPLIER).writeNumber(multiplier);
    }
  }
}
