package dev.penstock.api.http;

import dev.penstock.api.publish.Acceptance;
import dev.penstock.codec.Json;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JsonGenerator;

/**
 * Writes the answers to a stream of jobs in the order of its lines, each as soon as it and all
 * before it are known, on a thread of its own. One thread adds lines.
 */
final class AnswerStream implements AutoCloseable {
  /** Lines whose answers are not written; who adds more waits. */
  static final int WINDOW = 8_192;

  /** A client that takes no answer for this long is given up. */
  private static final Duration STALL_TIMEOUT = Duration.ofSeconds(60);

  private static final Logger log = LoggerFactory.getLogger(AnswerStream.class);
  private static final int FLUSH_BYTES = 16 * 1024;
  private static final Line END = new Line(0, new CompletableFuture<>());

  private final BlockingQueue<Line> lines = new ArrayBlockingQueue<>(WINDOW);
  private final OutputStream out;
  private final RequestMetrics metrics;
  private final ByteArrayOutputStream pending = new ByteArrayOutputStream(2 * FLUSH_BYTES);
  private final Thread writer;
  private volatile boolean broken;
  private volatile boolean kafkaAway;

  private record Line(long number, CompletableFuture<Acceptance> answer) {}

  AnswerStream(OutputStream out, RequestMetrics metrics) {
    this.out = out;
    this.metrics = metrics;
    this.writer = Thread.ofVirtual().name("intake-answers").start(this::write);
  }

  /**
   * Adds the answer to a line; waits while too many are not written.
   *
   * @return false when the client does not take its answers
   */
  boolean add(long number, CompletableFuture<Acceptance> answer) throws InterruptedException {
    return put(new Line(number, answer));
  }

  /** Adds a refusal. */
  boolean add(long number, Problem problem) throws InterruptedException {
    return add(number, CompletableFuture.completedFuture(new Acceptance.Refused(problem)));
  }

  /** Whether Kafka refused a line: no use in taking more. */
  boolean kafkaAway() {
    return kafkaAway;
  }

  private boolean put(Line line) throws InterruptedException {
    long until = System.nanoTime() + STALL_TIMEOUT.toNanos();
    while (!broken && System.nanoTime() < until) {
      if (lines.offer(line, 1, TimeUnit.SECONDS)) {
        return true;
      }
    }
    return false;
  }

  /** Waits until all answers are written. Returns false when the client did not take them. */
  boolean finish() throws InterruptedException {
    return put(END) && writer.join(STALL_TIMEOUT.plus(STALL_TIMEOUT)) && !broken;
  }

  /** Ends the writing, finished or not. */
  @Override
  public void close() {
    writer.interrupt();
  }

  private void write() {
    try {
      while (true) {
        Line line = lines.poll();
        if (line == null) {
          flush();
          line = lines.take();
        }
        if (line.number() == END.number()) {
          flush();
          return;
        }
        if (!line.answer().isDone()) {
          flush();
        }
        write(line.number(), line.answer().get());
      }
    } catch (InterruptedException _) {
      broken = true;
    } catch (IOException | java.util.concurrent.ExecutionException | RuntimeException e) {
      log.debug("a client does not take its answers", e);
      broken = true;
    }
  }

  private void write(long number, Acceptance acceptance) throws IOException {
    metrics.submitted(acceptance);
    switch (acceptance) {
      case Acceptance.Accepted job -> {
        String replayed = job.replayed() ? ",\"replayed\":true" : "";
        ascii("{\"line\":" + number + ",\"id\":\"" + job.id() + "\"" + replayed + "}\n");
      }
      case Acceptance.Refused(Problem problem) -> {
        kafkaAway |=
            problem.type() == ProblemType.KAFKA_UNAVAILABLE
                || problem.type() == ProblemType.ACCEPTANCE_UNKNOWN;
        refused(number, problem);
      }
    }
    if (pending.size() >= FLUSH_BYTES) {
      flush();
    }
  }

  private void refused(long number, Problem problem) throws IOException {
    try (JsonGenerator json = Json.MAPPER.createGenerator(pending)) {
      json.writeStartObject();
      json.writeNumberProperty("line", number);
      json.writeName("error");
      problem.writeTo(json);
      json.writeEndObject();
    }
    ascii("\n");
  }

  private void ascii(String text) throws IOException {
    pending.write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private void flush() throws IOException {
    if (pending.size() > 0) {
      out.write(pending.toByteArray());
      out.flush();
      pending.reset();
    }
  }
}
