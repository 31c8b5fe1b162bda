package dev.penstock.api.http;

import dev.penstock.api.publish.Acceptance;
import dev.penstock.api.publish.JobPublisher;
import dev.penstock.submission.Submission;
import dev.penstock.submission.SubmissionReader;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemException;
import dev.penstock.submission.problem.ProblemType;
import io.helidon.common.buffers.DataReader.InsufficientDataAvailableException;
import io.helidon.http.HeaderValues;
import io.helidon.http.RequestException;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * {@code POST /v1/jobs} with a stream of jobs, one a line. Lines are taken as they come; what waits
 * for Kafka is bounded in lines (of one stream) and bytes (of all), and who sends more waits.
 */
final class SubmitStream {
  /** What all streams may have in flight: single jobs always find room in the producer's buffer. */
  private static final int IN_FLIGHT_BYTES = (int) (JobPublisher.BUFFER_BYTES / 2);

  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(5);

  private final SubmissionReader reader;
  private final Intake intake;
  private final RateLimit rateLimit;
  private final Limits limits;
  private final RequestMetrics metrics;
  private final Semaphore streams;
  private final Semaphore inFlightBytes = new Semaphore(IN_FLIGHT_BYTES);
  private final AtomicInteger openStreams;

  SubmitStream(
      SubmissionReader reader,
      Intake intake,
      RateLimit rateLimit,
      Limits limits,
      RequestMetrics metrics) {
    this.reader = reader;
    this.intake = intake;
    this.rateLimit = rateLimit;
    this.limits = limits;
    this.metrics = metrics;
    this.streams = new Semaphore(limits.bulkStreams());
    this.openStreams = metrics.gauge("penstock.api.bulk.streams", "Streams of jobs that are open");
  }

  void handle(ServerRequest request, ServerResponse response) {
    if (request.headers().contains(SubmitJob.IDEMPOTENCY_KEY)) {
      throw new ProblemException(
          Problem.of(
              ProblemType.INVALID_IDEMPOTENCY_KEY,
              "in a stream each line has its own key: put it into the field idempotencyKey"));
    }
    if (!request.content().hasEntity()) {
      throw new ProblemException(
          Problem.of(ProblemType.EMPTY_BODY, "send one job a line, as NDJSON"));
    }
    if (!streams.tryAcquire()) {
      throw new ProblemException(
          Problem.passing(
              ProblemType.TOO_MANY_STREAMS,
              limits.bulkStreams() + " streams of jobs are open already; try later",
              RETRY_AFTER));
    }
    openStreams.incrementAndGet();
    try {
      run(request, response);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CloseConnectionException("the intake is stopping", e);
    } finally {
      openStreams.decrementAndGet();
      streams.release();
    }
  }

  private void run(ServerRequest request, ServerResponse response)
      throws IOException, InterruptedException {
    String traceparent = RequestTraces.traceparent();
    var lines = new LineReader(FramedBody.of(request), limits.bodyBytes(), limits.bodyTimeout());
    response.status(Status.OK_200);
    response.header(Answers.NDJSON);
    // Whether the stream can be taken to its end is not known yet; if not, no request can follow.
    response.header(HeaderValues.CONNECTION_CLOSE);
    boolean whole;
    try (OutputStream out = response.outputStream();
        var answers = new AnswerStream(out, metrics)) {
      Optional<End> end = take(lines, answers, traceparent);
      if (end.isPresent() && !answers.add(end.get().line(), end.get().problem())) {
        throw gone();
      }
      if (!answers.finish()) {
        throw gone();
      }
      whole = end.isEmpty();
    }
    if (!whole) {
      IncomingBytes.current().refuse();
    }
  }

  private static CloseConnectionException gone() {
    return new CloseConnectionException("the client does not take its answers");
  }

  /** Why a stream could not be taken to its end, and the first line that was not taken. */
  private record End(long line, Problem problem) {}

  /** Takes lines until the stream ends, or until it can't go on. */
  private Optional<End> take(LineReader lines, AnswerStream answers, String traceparent)
      throws IOException, InterruptedException {
    while (true) {
      if (answers.kafkaAway()) {
        return Optional.of(
            new End(
                lines.lines() + 1,
                Problem.passing(
                    ProblemType.KAFKA_UNAVAILABLE,
                    "Kafka does not answer; this line and all after it were not taken",
                    RETRY_AFTER)));
      }
      LineReader.Read read;
      try {
        read = lines.next();
      } catch (RequestException e) {
        return Optional.of(new End(lines.lines() + 1, TransportProblems.ofStatus(e.status())));
      } catch (InsufficientDataAvailableException _) {
        return Optional.of(
            new End(
                lines.lines() + 1,
                Problem.of(
                    ProblemType.INCOMPLETE_BODY, "the connection ended before this line did")));
      }
      if (read != LineReader.Read.END && lines.lines() > limits.streamLines()) {
        return Optional.of(
            new End(
                lines.lines(),
                Problem.of(
                    ProblemType.TOO_MANY_LINES,
                    "a stream has at most "
                        + limits.streamLines()
                        + " lines; this line and all after it were not taken")));
      }
      if (lines.bytes() > limits.streamBytes()) {
        return Optional.of(
            new End(
                lines.lines(),
                Problem.of(
                    ProblemType.STREAM_TOO_LARGE,
                    "a stream has at most "
                        + limits.streamBytes()
                        + " bytes; this line and all after it were not taken")));
      }
      switch (read) {
        case END -> {
          return Optional.empty();
        }
        case TOO_LONG -> add(answers, lines, refused(tooLong()));
        case LINE -> {
          if (!lines.isBlank()) {
            add(answers, lines, submit(lines, traceparent));
          }
        }
      }
    }
  }

  private static void add(
      AnswerStream answers, LineReader lines, CompletableFuture<Acceptance> answer)
      throws InterruptedException {
    if (!answers.add(lines.lines(), answer)) {
      throw gone();
    }
  }

  private CompletableFuture<Acceptance> submit(LineReader lines, String traceparent)
      throws InterruptedException {
    rateLimit.await();
    return switch (reader.readLine(lines.buffer(), lines.start(), lines.length())) {
      case Submission.Refused(Problem problem) -> refused(problem);
      case Submission.Valid valid -> {
        int bytes = Math.min(lines.length(), IN_FLIGHT_BYTES);
        if (!inFlightBytes.tryAcquire(bytes, PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
          yield refused(
              Problem.passing(
                  ProblemType.KAFKA_UNAVAILABLE,
                  "too much waits for Kafka; the line was not taken",
                  RETRY_AFTER));
        }
        yield intake
            .begin(valid.request(), Optional.ofNullable(valid.idempotencyKey()), traceparent, false)
            .whenComplete((_, _) -> inFlightBytes.release(bytes));
      }
    };
  }

  private Problem tooLong() {
    return Problem.of(
        ProblemType.LINE_TOO_LONG, "a line has at most " + limits.bodyBytes() + " bytes");
  }

  private static CompletableFuture<Acceptance> refused(Problem problem) {
    return CompletableFuture.completedFuture(new Acceptance.Refused(problem));
  }
}
