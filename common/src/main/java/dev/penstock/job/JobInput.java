package dev.penstock.job;

import java.util.List;

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
