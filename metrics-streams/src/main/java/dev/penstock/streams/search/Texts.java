package dev.penstock.streams.search;

import dev.penstock.job.JobInput;
import dev.penstock.job.JobOutput;
import java.util.List;
import java.util.stream.Collectors;

/** The texts of a job as they are searched, each cut at {@link #MAX_CHARS}. */
final class Texts {
  /** The longest text that is searched, in UTF-16 code units; what follows is not found. */
  static final int MAX_CHARS = 10_000;

  private Texts() {}

  static String of(JobInput input) {
    return bounded(
        switch (input) {
          case JobInput.Generate(String text, String system, int _) when system != null ->
              text + "\n" + system;
          case JobInput.Classify(String text, List<String> labels) ->
              text + "\n" + String.join("\n", labels);
          case JobInput.Generate _,
              JobInput.Extract _,
              JobInput.Summarize _,
              JobInput.Embed _,
              JobInput.DetectLanguage _ ->
              input.text();
        });
  }

  /** The words of an output; empty for one that has none. */
  static String of(JobOutput output) {
    return bounded(
        switch (output) {
          case JobOutput.Summary(List<String> sentences) -> String.join("\n", sentences);
          case JobOutput.Classification(List<JobOutput.ScoredLabel> labels) -> names(labels);
          case JobOutput.Embedding _ -> "";
          case JobOutput.DetectedLanguages(List<JobOutput.ScoredLabel> languages) ->
              names(languages);
          case JobOutput.Text(String text) -> text;
          case JobOutput.Extracted(var value) -> value.text();
        });
  }

  private static String names(List<JobOutput.ScoredLabel> labels) {
    return labels.stream().map(JobOutput.ScoredLabel::label).collect(Collectors.joining("\n"));
  }

  private static String bounded(String text) {
    if (text.length() <= MAX_CHARS) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(MAX_CHARS - 1)) ? MAX_CHARS - 1 : MAX_CHARS;
    return text.substring(0, end);
  }
}
