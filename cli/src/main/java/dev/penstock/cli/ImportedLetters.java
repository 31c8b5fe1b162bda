package dev.penstock.cli;

import dev.penstock.codec.Json;
import dev.penstock.job.Job;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * An export of dead letters, read as a stream of jobs: each line becomes the submission that asks
 * for its job anew, under an idempotency key that is made of the job, so that a file that is read
 * twice makes each job once. Lines that hold no job become empty ones, so that the others keep
 * their numbers. Not thread-safe.
 */
final class ImportedLetters extends InputStream {
  /** The label that names the job that an imported one was. */
  static final String ORIGINAL = "penstock.original";

  /** No dead letter in an export is longer. */
  private static final int MAX_LINE_BYTES = 16_000_000;

  private static final byte[] NOTHING = {'\n'};

  private final InputStream export;
  private final String name;
  private final ObjectNode override;
  private byte[] line = {};
  private int position;
  private long jobs;
  private long others;
  private boolean ended;

  /**
   * @param export is closed with this
   * @param name what tells this import from others of the same dead letters
   * @param override fields that are set for all jobs; null takes one away
   */
  ImportedLetters(InputStream export, String name, ObjectNode override) {
    this.export = new BufferedInputStream(export, 1 << 16);
    this.name = name;
    this.override = override;
  }

  /** Lines that hold a job. */
  long jobs() {
    return jobs;
  }

  /** Dead letters in which there is no job that could run. */
  long others() {
    return others;
  }

  /** Whether the last line said that the export is whole. */
  boolean isWhole() {
    return ended;
  }

  @Override
  public int read() throws IOException {
    return position < line.length || next() ? line[position++] & 0xff : -1;
  }

  @Override
  public int read(byte[] to, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (position == line.length && !next()) {
      return -1;
    }
    int count = Math.min(length, line.length - position);
    System.arraycopy(line, position, to, offset, count);
    position += count;
    return count;
  }

  /** As much as can be told without waiting. */
  @Override
  public int available() throws IOException {
    return line.length - position + (export.available() > 0 ? 1 : 0);
  }

  private boolean next() throws IOException {
    var bytes = new ByteArrayOutputStream();
    int read = export.read();
    if (read < 0) {
      return false;
    }
    for (; read >= 0 && read != '\n'; read = export.read()) {
      if (bytes.size() == MAX_LINE_BYTES) {
        throw new IOException(
            "a line has more than " + MAX_LINE_BYTES + " bytes: is it an export?");
      }
      bytes.write(read);
    }
    line = job(bytes.toByteArray());
    position = 0;
    return true;
  }

  private byte[] job(byte[] text) throws IOException {
    JsonNode letter;
    try {
      letter = Json.MAPPER.readTree(text);
    } catch (JacksonException e) {
      throw new IOException(
          "a line is not JSON (" + e.getOriginalMessage() + "): is it an export?");
    }
    if (letter.has("end")) {
      ended = letter.path("end").asBoolean(false);
      return NOTHING;
    }
    if (!(letter.path("submission") instanceof ObjectNode submission)) {
      if (letter.has("letter")) {
        others++;
      }
      return NOTHING;
    }
    jobs++;
    JsonNode key = letter.path("key");
    String generation = letter.path("generation").asString("0");
    submission.put(
        "idempotencyKey", "dlq-import/" + name + "/" + key.asString("") + "/" + generation);
    ObjectNode labels =
        submission.path("labels") instanceof ObjectNode there
            ? there
            : submission.putObject("labels");
    if (labels.size() < Job.MAX_LABELS) {
      labels.put(ORIGINAL, key.asString(""));
    }
    for (String field : override.propertyNames()) {
      if (override.get(field).isNull()) {
        submission.remove(field);
      } else {
        submission.set(field, override.get(field));
      }
    }
    return (Json.MAPPER.writeValueAsString(submission) + "\n").getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void close() throws IOException {
    export.close();
  }
}
