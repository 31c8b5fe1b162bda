package dev.penstock.replayer.look;

import dev.penstock.codec.Json;
import dev.penstock.job.DeadLetter;
import dev.penstock.submission.JobRequest;
import dev.penstock.topic.RecordHeaders;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A dead letter with all that is known of it, byte for byte. Pure. */
final class WholeLetter {
  /** Of a record that can't be read so many bytes are shown in hexadecimal. */
  static final int MAX_HEX_BYTES = 64 * 1024;

  private WholeLetter() {}

  /** For a person: everything. */
  static ObjectNode json(LetterRecord letter, Standing standing) {
    ObjectNode json = LetterRow.of(letter, standing, new Fingerprints()).toJson();
    json.put("partition", letter.partition());
    json.put("offset", letter.offset());
    json.put("writtenAt", letter.writtenAt().toString());
    switch (letter.content()) {
      case LetterContent.OfJob(DeadLetter dead) -> {
        // As it stands there, with what only a newer program knows.
        json.set("record", Json.MAPPER.readTree(letter.value()));
        json.set("submission", submission(dead));
      }
      case LetterContent.Poison(String reason) -> unread(letter, reason, json);
      case LetterContent.Unreadable(String reason) -> unread(letter, reason, json);
    }
    headers(letter, json);
    json.set("key", bytes(letter.key()));
    json.set("value", bytes(letter.value()));
    return json;
  }

  /** The submission that would ask for the job: what a plan can change. */
  private static JsonNode submission(DeadLetter dead) {
    return Json.MAPPER.readTree(JobRequest.of(dead.job()).canonicalJson());
  }

  private static void unread(LetterRecord letter, String reason, ObjectNode json) {
    json.put("reason", reason);
    String origin = letter.header(RecordHeaders.ORIGIN);
    if (origin != null) {
      json.put("origin", origin);
    }
    String originalBytes = letter.header(RecordHeaders.ORIGINAL_BYTES);
    if (originalBytes != null) {
      json.put("originalBytes", originalBytes);
    }
    byte[] value = letter.value();
    if (value != null) {
      byte[] shown = Arrays.copyOf(value, Math.min(value.length, MAX_HEX_BYTES));
      json.put("hex", HexFormat.of().formatHex(shown));
    }
    try {
      JsonNode tree = Json.MAPPER.readTree(value == null ? new byte[0] : value);
      // What can't be written again, half of a character for example, is not shown so.
      if (!tree.isMissingNode() && Json.MAPPER.writeValueAsBytes(tree).length > 0) {
        json.set("record", tree);
      }
    } catch (JacksonException _) {
      // It is no JSON; text and hex show it.
    }
  }

  private static void headers(LetterRecord letter, ObjectNode json) {
    var headers = json.putArray("headers");
    for (LetterRecord.RawHeader each : letter.headers()) {
      ObjectNode header = headers.addObject();
      header.put("name", each.name());
      bytes(each.value()).properties().forEach(part -> header.set(part.getKey(), part.getValue()));
    }
  }

  /** In base64, and as text, in which U+FFFD stands for what is no UTF-8. */
  private static ObjectNode bytes(byte @Nullable [] bytes) {
    ObjectNode json = Json.MAPPER.createObjectNode();
    if (bytes != null) {
      json.put("bytes", bytes.length);
      json.put("text", new String(bytes, StandardCharsets.UTF_8));
      json.put("base64", Base64.getEncoder().encodeToString(bytes));
    }
    return json;
  }

  /**
   * For a file, on one line: what is needed to put the record back as it was, and the submission
   * that would ask for its job. A value that is JSON stands there as it is, others in base64.
   */
  static byte[] line(LetterRecord letter, Standing standing) {
    ObjectNode json = Json.MAPPER.createObjectNode();
    json.put("letter", letter.id().toString());
    json.put("type", letter.content().type().wireName());
    json.put("standing", standing.wireName());
    json.put("writtenAt", letter.writtenAt().toString());
    if (letter.content() instanceof LetterContent.OfJob(DeadLetter dead)) {
      json.put("generation", dead.generation());
      json.set("submission", submission(dead));
    }
    exact("key", letter.key(), json);
    var headers = json.putArray("headers");
    for (LetterRecord.RawHeader each : letter.headers()) {
      ObjectNode header = headers.addObject();
      header.put("name", each.name());
      exact("value", each.value(), header);
    }
    byte[] value = letter.value();
    if (value == null || letter.content().type() != LetterType.JOB || !isOneLine(value)) {
      if (value != null) {
        json.put("valueBase64", Base64.getEncoder().encodeToString(value));
      }
      return Json.MAPPER.writeValueAsBytes(json);
    }
    byte[] head = Json.MAPPER.writeValueAsBytes(json);
    byte[] name = ",\"value\":".getBytes(StandardCharsets.US_ASCII);
    var line = ByteBuffer.allocate(head.length + name.length + value.length);
    line.put(head, 0, head.length - 1).put(name).put(value).put((byte) '}');
    return line.array();
  }

  private static void exact(String name, byte @Nullable [] bytes, ObjectNode json) {
    if (bytes == null) {
      return;
    }
    try {
      json.put(name, StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
    } catch (CharacterCodingException _) {
      json.put(name + "Base64", Base64.getEncoder().encodeToString(bytes));
    }
  }

  private static boolean isOneLine(byte[] json) {
    for (byte each : json) {
      if (each == '\n' || each == '\r') {
        return false;
      }
    }
    return true;
  }
}
