package dev.penstock.replayer.look;

import dev.penstock.codec.Json;
import dev.penstock.job.Job;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * A dead letter as lists show it: without what the job works on.
 *
 * @param jobId null where the record can't be read
 * @param bytes of its value
 */
record LetterRow(
    LetterId id,
    long writtenAtMillis,
    Standing standing,
    LetterType type,
    @Nullable String jobId,
    String code,
    String message,
    String provider,
    String model,
    String kind,
    String tenant,
    String priority,
    Map<String, String> labels,
    int generation,
    int attempts,
    Instant failedAt,
    String fingerprint,
    int bytes) {
  static LetterRow of(LetterRecord letter, Standing standing, Fingerprints fingerprints) {
    LetterFacts facts = LetterFacts.of(letter);
    Job job = facts.job();
    return new LetterRow(
        letter.id(),
        letter.writtenAtMillis(),
        standing,
        facts.type(),
        job == null ? null : job.id().toString(),
        facts.code(),
        facts.message(),
        facts.provider(),
        facts.model(),
        facts.kind(),
        facts.tenant(),
        job == null ? "" : job.priority().wireName(),
        job == null ? Map.of() : job.labels(),
        facts.generation(),
        facts.attempts(),
        facts.failedAt(),
        fingerprints.of(facts),
        letter.valueBytes());
  }

  ObjectNode toJson() {
    ObjectNode json = Json.MAPPER.createObjectNode();
    json.put("letter", id.toString());
    json.put("type", type.wireName());
    json.put("standing", standing.wireName());
    if (jobId != null) {
      json.put("jobId", jobId);
      json.put("generation", generation);
      json.put("attempts", attempts);
      json.put("provider", provider);
      json.put("model", model);
      json.put("kind", kind);
      json.put("tenant", tenant);
      json.put("priority", priority);
      if (!labels.isEmpty()) {
        ObjectNode all = json.putObject("labels");
        labels.entrySet().stream()
            .sorted(Map.Entry.comparingByKey())
            .forEach(each -> all.put(each.getKey(), each.getValue()));
      }
    }
    json.put("code", code);
    json.put("message", message);
    json.put("fingerprint", fingerprint);
    json.put("at", failedAt.toString());
    json.put("bytes", bytes);
    return json;
  }
}
