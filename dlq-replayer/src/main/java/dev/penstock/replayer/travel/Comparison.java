package dev.penstock.replayer.travel;

import dev.penstock.codec.Json;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobOutput.Classification;
import dev.penstock.job.JobOutput.DetectedLanguages;
import dev.penstock.job.JobOutput.Embedding;
import dev.penstock.job.JobOutput.Extracted;
import dev.penstock.job.JobOutput.ScoredLabel;
import dev.penstock.job.JobOutput.Summary;
import dev.penstock.job.JobOutput.Text;
import dev.penstock.replayer.change.JsonDiff;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * How alike two outputs are, by what they are. It says how much changed, not which one is better.
 *
 * @param same whether they say the same: labels and languages by the first one, texts word for word
 *     but for white space, vectors by a cosine of {@link #SAME_COSINE} at least, extracts as JSON;
 *     null where one is missing
 * @param similarity 0 to 1: of labels the weight that both give to the same ones, of texts twice
 *     the words that both have over all words (Dice), of extracts the share of values that are the
 *     same; of vectors their cosine, from -1. Null where it can't be told
 * @param paths of extracts, JSON Pointers to what differs
 */
record Comparison(@Nullable Boolean same, @Nullable Double similarity, List<String> paths) {
  static final double SAME_COSINE = 0.9999;
  static final int MAX_PATHS = 20;

  /** Of outputs that are not there. */
  static final Comparison NONE = new Comparison(null, null, List.of());

  private static final Pattern BETWEEN_WORDS = Pattern.compile("[^\\p{L}\\p{N}]+");

  static Comparison of(Ended before, Ended after) {
    String hash = before.hash();
    if (hash == null || after.hash() == null) {
      return NONE;
    }
    JobOutput was = before.output();
    JobOutput is = after.output();
    if (hash.equals(after.hash())) {
      return new Comparison(true, 1.0, List.of());
    }
    return was == null || is == null ? new Comparison(false, null, List.of()) : between(was, is);
  }

  /** Two outputs that are not equal; of different kinds, where the change made it another one. */
  private static Comparison between(JobOutput before, JobOutput after) {
    if (before instanceof Classification(var was) && after instanceof Classification(var is)) {
      return labels(was, is);
    }
    if (before instanceof DetectedLanguages(var was)
        && after instanceof DetectedLanguages(var is)) {
      return labels(was, is);
    }
    if (before instanceof Embedding was && after instanceof Embedding is) {
      return vectors(was.vector(), is.vector());
    }
    if (before instanceof Extracted(var was) && after instanceof Extracted(var is)) {
      return extracts(Json.MAPPER.readTree(was.text()), Json.MAPPER.readTree(is.text()));
    }
    String was = text(before);
    String is = text(after);
    return was == null || is == null ? new Comparison(false, null, List.of()) : texts(was, is);
  }

  private static @Nullable String text(JobOutput output) {
    return switch (output) {
      case Text(String text) -> text;
      case Summary(List<String> sentences) -> String.join(" ", sentences);
      case Classification _, DetectedLanguages _, Embedding _, Extracted _ -> null;
    };
  }

  private static Comparison labels(List<ScoredLabel> before, List<ScoredLabel> after) {
    boolean same =
        before.stream()
            .findFirst()
            .map(ScoredLabel::label)
            .equals(after.stream().findFirst().map(ScoredLabel::label));
    Map<String, Double> was =
        before.stream()
            .collect(Collectors.toMap(ScoredLabel::label, ScoredLabel::score, Math::max));
    double common = 0;
    for (ScoredLabel each : after) {
      common += Math.min(each.score(), was.getOrDefault(each.label(), 0.0));
    }
    return new Comparison(same, Math.clamp(common, 0, 1), List.of());
  }

  private static Comparison vectors(float[] before, float[] after) {
    if (before.length != after.length) {
      return new Comparison(false, null, List.of());
    }
    double product = 0;
    double was = 0;
    double is = 0;
    for (int i = 0; i < before.length; i++) {
      product += (double) before[i] * after[i];
      was += (double) before[i] * before[i];
      is += (double) after[i] * after[i];
    }
    if (was == 0 || is == 0) {
      return new Comparison(false, null, List.of());
    }
    double cosine = Math.clamp(product / Math.sqrt(was * is), -1, 1);
    return new Comparison(cosine >= SAME_COSINE, cosine, List.of());
  }

  private static Comparison extracts(JsonNode before, JsonNode after) {
    List<String> paths =
        JsonDiff.between(before, after)
            .valueStream()
            .map(operation -> operation.path("path").asString(""))
            .distinct()
            .toList();
    int values = Math.max(values(before), values(after));
    return new Comparison(
        paths.isEmpty(),
        values == 0 ? 1.0 : Math.max(0, 1 - (double) paths.size() / values),
        paths.stream().limit(MAX_PATHS).toList());
  }

  private static int values(JsonNode json) {
    return json.isContainer() ? json.valueStream().mapToInt(Comparison::values).sum() : 1;
  }

  private static Comparison texts(String before, String after) {
    boolean same =
        before.strip().replaceAll("\\s+", " ").equals(after.strip().replaceAll("\\s+", " "));
    if (same) {
      return new Comparison(true, 1.0, List.of());
    }
    Map<String, Integer> was = words(before);
    Map<String, Integer> is = words(after);
    int common = 0;
    for (Map.Entry<String, Integer> each : is.entrySet()) {
      common += Math.min(each.getValue(), was.getOrDefault(each.getKey(), 0));
    }
    int all = count(was) + count(is);
    return new Comparison(false, all == 0 ? 0.0 : 2.0 * common / all, List.of());
  }

  private static int count(Map<String, Integer> words) {
    return words.values().stream().mapToInt(Integer::intValue).sum();
  }

  private static Map<String, Integer> words(String text) {
    var words = new HashMap<String, Integer>();
    for (String word : BETWEEN_WORDS.split(text.toLowerCase(Locale.ROOT), -1)) {
      if (!word.isEmpty()) {
        words.merge(word, 1, Integer::sum);
      }
    }
    return words;
  }
}
