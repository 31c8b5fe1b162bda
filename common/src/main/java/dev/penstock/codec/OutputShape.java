package dev.penstock.codec;

import dev.penstock.job.JobKind;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobOutput.ScoredLabel;
import dev.penstock.job.JsonObject;
import java.util.List;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.SerializedString;

/** {@link JobOutput}: the kind first, then what that kind has. */
final class OutputShape extends Shape<JobOutput> {
  static final OutputShape OUTPUT = new OutputShape();

  private static final SerializedString KIND = new SerializedString("kind");
  private static final SerializedString SENTENCES = new SerializedString("sentences");
  private static final SerializedString LABELS = new SerializedString("labels");
  private static final SerializedString VECTOR = new SerializedString("vector");
  private static final SerializedString LANGUAGES = new SerializedString("languages");
  private static final SerializedString TEXT = new SerializedString("text");
  private static final SerializedString VALUE = new SerializedString("value");

  @Override
  JobOutput readFields(Fields in) {
    JobKind kind =
        JobKind.ofWireName(in.type("kind"))
            .orElseThrow(() -> in.misfit("a kind of output that this program does not know"));
    String wanted = field(kind);
    JobOutput output = null;
    for (String name = in.next(); name != null; name = in.next()) {
      if (name.equals(wanted)) {
        output = read(kind, in);
      } else {
        in.skip();
      }
    }
    return in.required(wanted, output);
  }

  private static String field(JobKind kind) {
    return switch (kind) {
      case SUMMARIZE -> "sentences";
      case CLASSIFY -> "labels";
      case EMBED -> "vector";
      case DETECT_LANGUAGE -> "languages";
      case GENERATE -> "text";
      case EXTRACT -> "value";
    };
  }

  private static JobOutput read(JobKind kind, Fields in) {
    return switch (kind) {
      case SUMMARIZE -> new JobOutput.Summary(in.texts());
      case CLASSIFY -> new JobOutput.Classification(in.objects(ScoredLabelShape.SCORED_LABEL));
      case EMBED -> new JobOutput.Embedding(in.vector());
      case DETECT_LANGUAGE ->
          new JobOutput.DetectedLanguages(in.objects(ScoredLabelShape.SCORED_LABEL));
      case GENERATE -> new JobOutput.Text(in.text());
      case EXTRACT -> new JobOutput.Extracted(in.jsonObject());
    };
  }

  @Override
  void writeFields(JobOutput output, JsonGenerator out) {
    switch (output) {
      case JobOutput.Summary(List<String> sentences) -> {
        begin(JobKind.SUMMARIZE, SENTENCES, out).writeStartArray();
        sentences.forEach(sentence -> out.writeString(wellFormed(sentence)));
        out.writeEndArray();
      }
      case JobOutput.Classification(List<ScoredLabel> labels) ->
          ScoredLabelShape.SCORED_LABEL.writeArray(labels, begin(JobKind.CLASSIFY, LABELS, out));
      case JobOutput.Embedding embedding -> {
        begin(JobKind.EMBED, VECTOR, out).writeStartArray();
        for (float number : embedding.vector()) {
          out.writeNumber(number);
        }
        out.writeEndArray();
      }
      case JobOutput.DetectedLanguages(List<ScoredLabel> languages) ->
          ScoredLabelShape.SCORED_LABEL.writeArray(
              languages, begin(JobKind.DETECT_LANGUAGE, LANGUAGES, out));
      case JobOutput.Text(String text) ->
          begin(JobKind.GENERATE, TEXT, out).writeString(wellFormed(text));
      case JobOutput.Extracted(JsonObject value) ->
          begin(JobKind.EXTRACT, VALUE, out).writeRawValue(wellFormed(value.text()));
    }
  }

  private static JsonGenerator begin(JobKind kind, SerializedString field, JsonGenerator out) {
    return out.writeName(KIND).writeString(kind.wireName()).writeName(field);
  }

  private static final class ScoredLabelShape extends Shape<ScoredLabel> {
    static final ScoredLabelShape SCORED_LABEL = new ScoredLabelShape();

    private static final SerializedString LABEL = new SerializedString("label");
    private static final SerializedString SCORE = new SerializedString("score");

    @Override
    ScoredLabel readFields(Fields in) {
      String label = null;
      Double score = null;
      for (String name = in.next(); name != null; name = in.next()) {
        switch (name) {
          case "label" -> label = in.text();
          case "score" -> score = in.real();
          default -> in.skip();
        }
      }
      return new ScoredLabel(in.required("label", label), in.required("score", score));
    }

    @Override
    void writeFields(ScoredLabel scored, JsonGenerator out) {
      out.writeName(LABEL).writeString(wellFormed(scored.label()));
      out.writeName(SCORE).writeNumber(scored.score());
    }
  }
}
