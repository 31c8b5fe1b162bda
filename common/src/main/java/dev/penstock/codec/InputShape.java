package dev.penstock.codec;

import dev.penstock.job.JobInput;
import dev.penstock.job.JobKind;
import dev.penstock.job.JsonObject;
import java.util.List;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.SerializedString;

/** {@link JobInput}: the kind first, then what that kind has. */
final class InputShape extends Shape<JobInput> {
  static final InputShape INPUT = new InputShape();

  private static final SerializedString KIND = new SerializedString("kind");
  private static final SerializedString TEXT = new SerializedString("text");
  private static final SerializedString MAX_SENTENCES = new SerializedString("maxSentences");
  private static final SerializedString LABELS = new SerializedString("labels");
  private static final SerializedString SYSTEM = new SerializedString("system");
  private static final SerializedString MAX_OUTPUT_TOKENS = new SerializedString("maxOutputTokens");
  private static final SerializedString SCHEMA = new SerializedString("schema");

  @Override
  JobInput readFields(Fields in) {
    JobKind kind =
        JobKind.ofWireName(in.type("kind"))
            .orElseThrow(() -> in.misfit("a kind of job that this program does not know"));
    String text = null;
    Integer maxSentences = null;
    List<String> labels = null;
    String system = null;
    Integer maxOutputTokens = null;
    JsonObject schema = null;
    for (String name = in.next(); name != null; name = in.next()) {
      if (name.equals("text")) {
        text = in.text();
      } else if (name.equals("maxSentences") && kind == JobKind.SUMMARIZE) {
        maxSentences = in.integer();
      } else if (name.equals("labels") && kind == JobKind.CLASSIFY) {
        labels = in.texts();
      } else if (name.equals("system") && kind == JobKind.GENERATE) {
        system = in.isNull() ? null : in.text();
      } else if (name.equals("maxOutputTokens") && kind == JobKind.GENERATE) {
        maxOutputTokens = in.integer();
      } else if (name.equals("schema") && kind == JobKind.EXTRACT) {
        schema = in.jsonObject();
      } else {
        in.skip();
      }
    }
    String given = in.required("text", text);
    return switch (kind) {
      case SUMMARIZE -> new JobInput.Summarize(given, in.required("maxSentences", maxSentences));
      case CLASSIFY -> new JobInput.Classify(given, in.required("labels", labels));
      case EMBED -> new JobInput.Embed(given);
      case DETECT_LANGUAGE -> new JobInput.DetectLanguage(given);
      case GENERATE ->
          new JobInput.Generate(given, system, in.required("maxOutputTokens", maxOutputTokens));
      case EXTRACT -> new JobInput.Extract(given, in.required("schema", schema));
    };
  }

  @Override
  void writeFields(JobInput input, JsonGenerator out) {
    out.writeName(KIND).writeString(input.kind().wireName());
    out.writeName(TEXT).writeString(input.text());
    switch (input) {
      case JobInput.Summarize(_, int maxSentences) ->
          out.writeName(MAX_SENTENCES).writeNumber(maxSentences);
      case JobInput.Classify(_, List<String> labels) -> {
        out.writeName(LABELS).writeStartArray();
        labels.forEach(out::writeString);
        out.writeEndArray();
      }
      case JobInput.Generate(_, String system, int maxOutputTokens) -> {
        if (system != null) {
          out.writeName(SYSTEM).writeString(system);
        }
        out.writeName(MAX_OUTPUT_TOKENS).writeNumber(maxOutputTokens);
      }
      case JobInput.Extract(_, JsonObject schema) ->
          out.writeName(SCHEMA).writeRawValue(wellFormed(schema.text()));
      case JobInput.Embed _, JobInput.DetectLanguage _ -> {
        // The text is all.
      }
    }
  }
}
