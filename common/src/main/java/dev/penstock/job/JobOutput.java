package dev.penstock.job;

import java.util.Arrays;
import java.util.List;

/** What a provider answered. The same shape for each kind, whichever provider made it. */
public sealed interface JobOutput {

  /** Sentences in the order of the text. */
  record Summary(List<String> sentences) implements JobOutput {
    public Summary {
      sentences = List.copyOf(sentences);
    }
  }

  /** Labels by falling score; scores are 0 to 1 and add up to 1. */
  record Classification(List<ScoredLabel> labels) implements JobOutput {
    public Classification {
      labels = List.copyOf(labels);
    }
  }

  /** A vector of unit length. */
  @SuppressWarnings(
      "ArrayRecordComponent") // copied in and out; a list of boxes would be ten times the size
  record Embedding(float[] vector) implements JobOutput {
    public Embedding {
      vector = vector.clone();
    }

    @Override
    public float[] vector() {
      return vector.clone();
    }

    /** How many numbers the vector has. */
    public int dimensions() {
      return vector.length;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Embedding embedding && Arrays.equals(vector, embedding.vector);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(vector);
    }

    @Override
    public String toString() {
      return "Embedding[" + vector.length + " dimensions]";
    }
  }

  /** Languages as ISO 639-3 codes, by falling confidence. */
  record DetectedLanguages(List<ScoredLabel> languages) implements JobOutput {
    public DetectedLanguages {
      languages = List.copyOf(languages);
    }
  }

  /** An answer to a prompt. */
  record Text(String text) implements JobOutput {}

  /** What was found, after the job's schema. */
  record Extracted(JsonObject value) implements JobOutput {}

  /** A label and how well it fits, 0 to 1. */
  record ScoredLabel(String label, double score) {}
}
