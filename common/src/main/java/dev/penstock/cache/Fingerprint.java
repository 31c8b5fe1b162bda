package dev.penstock.cache;

import dev.penstock.job.Job;
import dev.penstock.job.JobInput;
import dev.penstock.job.JsonObject;
import dev.penstock.job.TenantId;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.text.Normalizer;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;
import java.util.regex.Pattern;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/**
 * What a job asks of whom, for which tenant: jobs with the same fingerprint may share an answer.
 *
 * <p>It is SHA-256 of the tenant, the model as the job names it, the kind and all of the input, in
 * a fixed order and with its lengths. Texts count in Unicode's composed form (NFC); of JSON within
 * the input the order of names and white space outside of strings do not count. Nothing else of a
 * job does: not its labels, priority, deadlines or tags.
 *
 * @param hex 64 hexadecimal digits in lower case
 */
public record Fingerprint(String hex) {
  private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");

  /** Another encoding of the same things gets another number. */
  private static final String ENCODING = "penstock-cache-1";

  private static final JsonFactory JSON = JsonFactory.builder().build();

  public Fingerprint {
    if (!HEX.matcher(hex).matches()) {
      throw new IllegalArgumentException("a fingerprint is 64 hexadecimal digits");
    }
  }

  /** The fingerprint of what {@code job} asks. */
  public static Fingerprint of(Job job) {
    return of(job.tenant(), job.model(), job.input());
  }

  /**
   * The fingerprint of a request.
   *
   * @param model as jobs name it: a route, a provider, or a provider's model
   */
  public static Fingerprint of(TenantId tenant, String model, JobInput input) {
    var parts = new Parts();
    parts.add(ENCODING);
    parts.add(tenant.name());
    parts.add(model);
    parts.add(input.kind().wireName());
    parts.add(composed(input.text()));
    switch (input) {
      case JobInput.Summarize(_, int maxSentences) -> parts.add(String.valueOf(maxSentences));
      case JobInput.Classify(_, List<String> labels) -> {
        parts.add(String.valueOf(labels.size()));
        labels.forEach(label -> parts.add(composed(label)));
      }
      case JobInput.Generate(_, String system, int maxOutputTokens) -> {
        parts.add(system == null ? "" : composed(system));
        parts.add(String.valueOf(maxOutputTokens));
      }
      case JobInput.Extract(_, JsonObject schema) -> parts.add(canonical(schema));
      case JobInput.Embed _, JobInput.DetectLanguage _ -> {
        // The text is all.
      }
    }
    return new Fingerprint(parts.digest());
  }

  private static String composed(String text) {
    return Normalizer.normalize(text, Normalizer.Form.NFC);
  }

  /** The same JSON with its names in order; numbers stay as they were written. */
  private static String canonical(JsonObject object) {
    try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), object.text())) {
      parser.nextToken();
      var out = new StringBuilder(object.text().length());
      write(parser, out);
      return out.toString();
    }
  }

  private static void write(JsonParser parser, StringBuilder out) {
    switch (parser.currentToken()) {
      case START_OBJECT -> {
        var fields = new TreeMap<String, String>();
        for (String name = parser.nextName(); name != null; name = parser.nextName()) {
          parser.nextToken();
          var value = new StringBuilder();
          write(parser, value);
          fields.put(composed(name), value.toString());
        }
        out.append('{');
        fields.forEach((name, value) -> string(name, out).append(':').append(value).append(','));
        out.append('}');
      }
      case START_ARRAY -> {
        out.append('[');
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          write(parser, out);
          out.append(',');
        }
        out.append(']');
      }
      case VALUE_STRING -> string(composed(parser.getString()), out);
      default -> out.append(parser.getString());
    }
  }

  /** Told apart from all else by its length; this is never read as JSON. */
  private static StringBuilder string(String text, StringBuilder out) {
    return out.append('"').append(text.length()).append(':').append(text).append('"');
  }

  @Override
  public String toString() {
    return hex;
  }

  private static final class Parts {
    private final MessageDigest digest = sha256();

    void add(String part) {
      byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
      digest.update((bytes.length + ":").getBytes(StandardCharsets.US_ASCII));
      digest.update(bytes);
    }

    String digest() {
      return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
      try {
        return MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java platform has SHA-256", e);
      }
    }
  }
}
