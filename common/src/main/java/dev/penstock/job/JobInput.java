package dev.penstock.job;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a job works on. Each kind of job has its own input; in JSON the kind stands beside the
 * fields.
 */
public sealed interface JobInput {
  /** The longest text of one input, in UTF-16 code units. */
  int MAX_TEXT_CHARS = 200_000;

  /** The most labels of one classification. */
  int MAX_LABELS = 100;

  /** The longest label, in UTF-16 code units. */
  int MAX_LABEL_CHARS = 200;

  /** The most sentences of one summary. */
  int MAX_SENTENCES = 50;

  /** The longest system prompt, in UTF-16 code units. */
  int MAX_SYSTEM_CHARS = 20_000;

  /** The largest JSON Schema of an extraction, in UTF-16 code units. */
  int MAX_SCHEMA_CHARS = 20_000;

  /** The most tokens that may be asked for. */
  int MAX_OUTPUT_TOKENS = 100_000;

  JobKind kind();

  String text();

  /** Shorten {@code text} to its {@code maxSentences} most telling sentences. */
  record Summarize(String text, int maxSentences) implements JobInput {
    public Summarize {
      checkText(text);
      check(
          maxSentences >= 1 && maxSentences <= MAX_SENTENCES,
          "maxSentences is 1 to " + MAX_SENTENCES);
    }

    @Override
    public JobKind kind() {
      return JobKind.SUMMARIZE;
    }
  }

  /** Say how well each of {@code labels} fits {@code text}. */
  record Classify(String text, List<String> labels) implements JobInput {
    public Classify {
      checkText(text);
      labels = List.copyOf(labels);
      check(labels.size() >= 2 && labels.size() <= MAX_LABELS, "labels are 2 to " + MAX_LABELS);
      for (String label : labels) {
        check(
            !label.isBlank() && label.length() <= MAX_LABEL_CHARS,
            "a label has 1 to " + MAX_LABEL_CHARS + " characters");
      }
      check(labels.stream().distinct().count() == labels.size(), "labels differ from each other");
    }

    @Override
    public JobKind kind() {
      return JobKind.CLASSIFY;
    }
  }

  /** Turn {@code text} into a vector. */
  record Embed(String text) implements JobInput {
    public Embed {
      checkText(text);
    }

    @Override
    public JobKind kind() {
      return JobKind.EMBED;
    }
  }

  /** Say which language {@code text} is written in. */
  record DetectLanguage(String text) implements JobInput {
    public DetectLanguage {
      checkText(text);
    }

    @Override
    public JobKind kind() {
      return JobKind.DETECT_LANGUAGE;
    }
  }

  /**
   * Answer the prompt {@code text}.
   *
   * @param system what the model is to be and to heed, or null
   * @param maxOutputTokens after how many tokens the answer is cut
   */
  record Generate(String text, @Nullable String system, int maxOutputTokens) implements JobInput {
    public Generate {
      checkText(text);
      check(
          system == null || (!system.isBlank() && system.length() <= MAX_SYSTEM_CHARS),
          "system has 1 to " + MAX_SYSTEM_CHARS + " characters");
      check(
          maxOutputTokens >= 1 && maxOutputTokens <= MAX_OUTPUT_TOKENS,
          "maxOutputTokens is 1 to " + MAX_OUTPUT_TOKENS);
    }

    @Override
    public JobKind kind() {
      return JobKind.GENERATE;
    }
  }

  /**
   * Find in {@code text} what {@code schema} describes.
   *
   * @param schema a JSON Schema of an object
   */
  record Extract(String text, JsonObject schema) implements JobInput {
    public Extract {
      checkText(text);
      check(
          schema.text().length() <= MAX_SCHEMA_CHARS,
          "schema has at most " + MAX_SCHEMA_CHARS + " characters");
    }

    @Override
    public JobKind kind() {
      return JobKind.EXTRACT;
    }
  }

  private static void checkText(String text) {
    check(
        !text.isBlank() && text.length() <= MAX_TEXT_CHARS,
        "text has 1 to " + MAX_TEXT_CHARS + " characters");
  }

  private static void check(boolean holds, String rule) {
    if (!holds) {
      throw new IllegalArgumentException(rule);
    }
  }
}
