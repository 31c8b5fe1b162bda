package dev.penstock.http;

import dev.penstock.job.Failure;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobOutput.ScoredLabel;
import dev.penstock.job.JsonObject;
import dev.penstock.provider.CallReport;
import dev.penstock.provider.ProviderResult;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.MissingResourceException;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Makes what a model wrote into what the job asked for. Models err: what is not in the shape that
 * was asked for is a failure that can pass, told without a word of what was written.
 */
final class Answers {
  private static final int MAX_LANGUAGES = 5;
  private static final Pattern ISO_639_3 = Pattern.compile("[a-z]{3}");
  private static final Pattern FENCE =
      Pattern.compile("\\s*```\\w*\\s*(.*?)\\s*```\\s*", Pattern.DOTALL);

  private Answers() {}

  static ProviderResult of(JobInput input, Reply.Written written, String who, CallReport report) {
    return switch (written.end()) {
      case REFUSED ->
          failed(
              new Failure.ContentRefused(
                  who + " refused to answer, or its rules of content cut the answer"),
              report);
      case CONTEXT ->
          failed(
              new Failure.ContextTooLong(
                  who + " cut the answer where the model's context was full"),
              report);
      case LENGTH -> cut(input, written, who, report);
      case COMPLETE -> complete(input, written.text(), who, report);
    };
  }

  static ProviderResult of(JobInput input, Reply.Vector vector, String who, CallReport report) {
    double squares = 0;
    for (float value : vector.values()) {
      squares += (double) value * value;
    }
    if (!(input instanceof JobInput.Embed) || !(squares > 0) || Double.isInfinite(squares)) {
      return malformed(who, "is no vector with a direction", report);
    }
    double length = Math.sqrt(squares);
    var unit = new float[vector.values().length];
    for (int i = 0; i < unit.length; i++) {
      unit[i] = (float) (vector.values()[i] / length);
    }
    return new ProviderResult.Answered(new JobOutput.Embedding(unit), report);
  }

  /** The answer has as many tokens as were allowed. Text is what was asked for; JSON is not. */
  private static ProviderResult cut(
      JobInput input, Reply.Written written, String who, CallReport report) {
    if (input instanceof JobInput.Generate && !written.text().isEmpty()) {
      return new ProviderResult.Answered(new JobOutput.Text(written.text()), report);
    }
    return failed(
        new Failure.ContextTooLong(
            who
                + (input instanceof JobInput.Generate
                    ? " used all tokens that the job allows before it wrote anything; raise its"
                        + " maxOutputTokens"
                    : " was cut off before its answer was complete; raise max-output-tokens in the"
                        + " provider's settings")),
        report);
  }

  private static ProviderResult complete(
      JobInput input, String text, String who, CallReport report) {
    if (input instanceof JobInput.Generate) {
      return text.isEmpty()
          ? malformed(who, "has no text", report)
          : new ProviderResult.Answered(new JobOutput.Text(text), report);
    }
    var fenced = FENCE.matcher(text);
    String json = fenced.matches() ? fenced.group(1) : text;
    try {
      return switch (input) {
        case JobInput.Extract _ ->
            new ProviderResult.Answered(new JobOutput.Extracted(new JsonObject(json)), report);
        case JobInput.Summarize(_, int maxSentences) ->
            summary(Wire.read(json), maxSentences, who, report);
        case JobInput.Classify(_, List<String> labels) ->
            classification(Wire.read(json), labels, who, report);
        case JobInput.DetectLanguage _ -> languages(Wire.read(json), who, report);
        case JobInput.Generate _, JobInput.Embed _ ->
            malformed(who, "has text where a vector was asked for", report);
      };
    } catch (JacksonException | IllegalArgumentException _) {
      return malformed(
          who, "has " + text.length() + " characters that are not one JSON object", report);
    }
  }

  private static ProviderResult summary(
      JsonNode answer, int maxSentences, String who, CallReport report) {
    var sentences = new ArrayList<String>();
    for (JsonNode sentence : answer.path("sentences")) {
      if (sentence.isString() && !sentence.stringValue().isBlank()) {
        sentences.add(sentence.stringValue().strip());
      }
    }
    return sentences.isEmpty()
        ? malformed(who, "has no 'sentences'", report)
        : new ProviderResult.Answered(
            new JobOutput.Summary(sentences.subList(0, Math.min(maxSentences, sentences.size()))),
            report);
  }

  private static ProviderResult classification(
      JsonNode answer, List<String> labels, String who, CallReport report) {
    Map<String, Double> scores = new LinkedHashMap<>();
    labels.forEach(label -> scores.put(label, 0.0));
    for (JsonNode entry : answer.path("scores")) {
      String label = Wire.text(entry, "label");
      if (label != null && scores.containsKey(label)) {
        scores.put(label, share(entry.path("score")));
      }
    }
    double sum = scores.values().stream().mapToDouble(Double::doubleValue).sum();
    return sum > 0
        ? new ProviderResult.Answered(
            new JobOutput.Classification(
                sorted(
                    scores.entrySet().stream()
                        .map(e -> new ScoredLabel(e.getKey(), e.getValue() / sum))
                        .toList())),
            report)
        : malformed(who, "has no score above 0 for any of the job's labels", report);
  }

  private static ProviderResult languages(JsonNode answer, String who, CallReport report) {
    var found = new LinkedHashMap<String, Double>();
    for (JsonNode entry : answer.path("languages")) {
      String code = Wire.text(entry, "code");
      String threeLetters = code == null ? "" : threeLetters(code);
      if (!threeLetters.isEmpty() && found.size() < MAX_LANGUAGES) {
        found.merge(threeLetters, share(entry.path("confidence")), Math::max);
      }
    }
    return found.isEmpty()
        ? malformed(who, "has no language with a code of ISO 639-3", report)
        : new ProviderResult.Answered(
            new JobOutput.DetectedLanguages(
                sorted(
                    found.entrySet().stream()
                        .map(e -> new ScoredLabel(e.getKey(), e.getValue()))
                        .collect(Collectors.toList()))),
            report);
  }

  /** Models like the two-letter codes of ISO 639-1, with a region behind them. */
  private static String threeLetters(String code) {
    String plain = code.strip().toLowerCase(Locale.ROOT);
    int region = plain.indexOf('-');
    if (region == 2 || region == 3) {
      plain = plain.substring(0, region);
    }
    if (ISO_639_3.matcher(plain).matches()) {
      return plain;
    }
    try {
      return plain.length() == 2 ? Locale.of(plain).getISO3Language() : "";
    } catch (MissingResourceException _) {
      return "";
    }
  }

  /** A number from 0 to 1; 0 where it is none. */
  private static double share(JsonNode number) {
    double value = number.isNumber() ? number.doubleValue() : 0;
    return value > 0 ? Math.min(1, value) : 0;
  }

  private static List<ScoredLabel> sorted(List<ScoredLabel> labels) {
    return labels.stream()
        .sorted(Comparator.comparingDouble(ScoredLabel::score).reversed())
        .toList();
  }

  private static ProviderResult malformed(String who, String what, CallReport report) {
    return failed(new Failure.Retryable("the answer of " + who + " " + what), report);
  }

  private static ProviderResult failed(Failure failure, CallReport report) {
    return new ProviderResult.Failed(failure, report);
  }
}
