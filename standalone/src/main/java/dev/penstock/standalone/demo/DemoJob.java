package dev.penstock.standalone.demo;

import dev.penstock.codec.Json;
import dev.penstock.job.JobKind;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** One job of the demo: what is done with which passage. */
record DemoJob(JobKind kind, Passage passage) {
  /** What passages are about, as a person would say it; the model has never seen these labels. */
  static final List<String> LABELS =
      List.of(
          "crime and detection",
          "ships and the sea",
          "love and marriage",
          "science and experiment",
          "government and politics",
          "religion",
          "the history of a country",
          "children and play");

  private static final int SUMMARY_SENTENCES = 2;

  /**
   * The first {@code count} jobs over {@code passages}, which are gone through again when they are
   * used up: the language, the vector and a summary of each; labels where it is English, which is
   * the language that the model knows.
   */
  static List<DemoJob> plan(List<Passage> passages, int count) {
    var jobs = new ArrayList<DemoJob>();
    for (int i = 0; jobs.size() < count; i++) {
      Passage passage = passages.get(i % passages.size());
      jobs.add(new DemoJob(JobKind.DETECT_LANGUAGE, passage));
      jobs.add(new DemoJob(JobKind.EMBED, passage));
      if (passage.language().equals("en")) {
        jobs.add(new DemoJob(JobKind.CLASSIFY, passage));
      }
      jobs.add(new DemoJob(JobKind.SUMMARIZE, passage));
    }
    return List.copyOf(jobs.subList(0, count));
  }

  /** The jobs as the API takes them, one a line. */
  static InputStream lines(List<DemoJob> jobs) {
    var bytes = new ByteArrayOutputStream();
    for (DemoJob job : jobs) {
      bytes.writeBytes(Json.MAPPER.writeValueAsBytes(job.submission()));
      bytes.write('\n');
    }
    return new ByteArrayInputStream(bytes.toByteArray());
  }

  private ObjectNode submission() {
    ObjectNode job = Json.MAPPER.createObjectNode().put("kind", kind.wireName());
    ObjectNode input = job.putObject("input").put("text", passage.text());
    switch (kind) {
      case SUMMARIZE -> input.put("maxSentences", SUMMARY_SENTENCES);
      case CLASSIFY -> {
        ArrayNode labels = input.putArray("labels");
        LABELS.forEach(labels::add);
      }
      case EMBED, DETECT_LANGUAGE, GENERATE, EXTRACT -> {}
    }
    job.put("model", "local");
    job.putObject("labels")
        .put("demo", "passages")
        .put("passage", passage.id())
        .put("language", passage.language());
    return job;
  }
}
