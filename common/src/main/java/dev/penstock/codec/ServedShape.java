package dev.penstock.codec;

import dev.penstock.job.Served;
import dev.penstock.job.Usage;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.SerializedString;

/** {@link Served}. */
final class ServedShape extends Shape<Served> {
  static final ServedShape SERVED = new ServedShape();

  private static final SerializedString PROVIDER_MODEL = new SerializedString("providerModel");
  private static final SerializedString REQUEST_ID = new SerializedString("requestId");
  private static final SerializedString INPUT_TOKENS = new SerializedString("inputTokens");
  private static final SerializedString OUTPUT_TOKENS = new SerializedString("outputTokens");
  private static final SerializedString CACHED_TOKENS = new SerializedString("cachedTokens");
  private static final SerializedString COST_NANOS = new SerializedString("costNanos");
  private static final SerializedString INSTEAD_OF = new SerializedString("insteadOf");
  private static final SerializedString TARGET = new SerializedString("target");
  private static final SerializedString CACHED_AT = new SerializedString("cachedAt");

  @Override
  Served readFields(Fields in) {
    String providerModel = null;
    String requestId = null;
    Long inputTokens = null;
    Long outputTokens = null;
    Long cachedTokens = null;
    Long costNanos = null;
    String insteadOf = null;
    String target = null;
    Instant cachedAt = null;
    for (String name = in.next(); name != null; name = in.next()) {
      switch (name) {
        case "providerModel" -> providerModel = in.isNull() ? null : in.text();
        case "requestId" -> requestId = in.isNull() ? null : in.text();
        case "inputTokens" -> inputTokens = in.longInteger();
        case "outputTokens" -> outputTokens = in.longInteger();
        case "cachedTokens" -> cachedTokens = in.longInteger();
        case "costNanos" -> costNanos = in.isNull() ? null : in.longInteger();
        case "insteadOf" -> insteadOf = in.isNull() ? null : in.text();
        case "target" -> target = in.isNull() ? null : in.text();
        case "cachedAt" -> cachedAt = in.isNull() ? null : in.instant();
        default -> in.skip();
      }
    }
    return new Served(
        providerModel,
        requestId,
        new Usage(
            in.required("inputTokens", inputTokens),
            in.required("outputTokens", outputTokens),
            in.required("cachedTokens", cachedTokens)),
        costNanos,
        insteadOf,
        target,
        cachedAt);
  }

  @Override
  void writeFields(Served served, JsonGenerator out) {
    text(PROVIDER_MODEL, served.providerModel(), out);
    text(REQUEST_ID, served.requestId(), out);
    out.writeName(INPUT_TOKENS).writeNumber(served.usage().inputTokens());
    out.writeName(OUTPUT_TOKENS).writeNumber(served.usage().outputTokens());
    out.writeName(CACHED_TOKENS).writeNumber(served.usage().cachedTokens());
    Long costNanos = served.costNanos();
    if (costNanos != null) {
      out.writeName(COST_NANOS).writeNumber(costNanos);
    }
    text(INSTEAD_OF, served.insteadOf(), out);
    text(TARGET, served.target(), out);
    Instant cachedAt = served.cachedAt();
    if (cachedAt != null) {
      out.writeName(CACHED_AT).writeString(TimeText.text(cachedAt));
    }
  }

  private static void text(SerializedString name, @Nullable String text, JsonGenerator out) {
    if (text != null) {
      out.writeName(name).writeString(wellFormed(text));
    }
  }
}
