package dev.penstock.cli;

import dev.penstock.codec.Json;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import tools.jackson.databind.node.ObjectNode;

/**
 * Submits a stream of jobs, one a line of JSON, in batches. Lines that the server could not take at
 * the moment are sent again a bounded number of times; it said that it did not accept them. A line
 * of which it does not know that is not sent again.
 */
public final class JobStream {
  private static final Duration FIRST_WAIT = Duration.ofMillis(250);

  private final ApiClient api;
  private final Consumer<LineAnswer> onAnswer;
  private final LongConsumer onProgress;

  /**
   * @param onAnswer is told the answer of each line, in order within a batch except for lines that
   *     were sent again; called on the thread that submits
   * @param onProgress is told after each batch how many bytes of the source are done
   */
  public JobStream(ApiClient api, Consumer<LineAnswer> onAnswer, LongConsumer onProgress) {
    this.api = api;
    this.onAnswer = onAnswer;
    this.onProgress = onProgress;
  }

  /**
   * Submits all lines of {@code source}, which is read as it goes and not closed.
   *
   * @throws ApiException when the server can't be reached or refuses a whole batch; what was
   *     answered until then stands
   * @throws IOException when the source can't be read
   */
  public void submit(InputStream source) throws IOException {
    var lines = new JobLines(source);
    Optional<JobLines.Batch> batch = lines.next();
    while (batch.isPresent()) {
      batch.get().tooLong().forEach(this::refuse);
      submit(batch.get());
      onProgress.accept(lines.bytesRead());
      batch = lines.next();
    }
  }

  private void submit(JobLines.Batch batch) {
    Duration wait = FIRST_WAIT;
    JobLines.Batch open = batch;
    for (int tries = 0; open.count() > 0; tries++) {
      boolean last = tries == ApiClient.MAX_RETRIES;
      Set<Long> again = new HashSet<>();
      int answered =
          api.submit(
              open,
              answer -> {
                if (!last
                    && answer instanceof LineAnswer.Refused refused
                    && refused.problem().isTemporary()
                    && !refused.problem().isIndeterminate()) {
                  again.add(refused.line());
                } else {
                  onAnswer.accept(answer);
                }
              });
      if (last && answered < open.count()) {
        throw new ApiException.Unreachable(
            api.base()
                + " does not take more at the moment; nothing from line "
                + open.lineNumber(answered + 1)
                + " on was accepted");
      }
      for (int line = answered + 1; line <= open.count(); line++) {
        again.add(open.lineNumber(line));
      }
      if (again.isEmpty()) {
        return;
      }
      open = open.only(again);
      ApiClient.sleep(wait);
      wait = wait.multipliedBy(2);
    }
  }

  private void refuse(long line) {
    ObjectNode error =
        Json.MAPPER
            .createObjectNode()
            .put("title", "The line is too long")
            .put("status", 413)
            .put("code", "line_too_long")
            .put("detail", "a job has at most " + JobLines.MAX_LINE_BYTES + " bytes");
    ObjectNode answer = Json.MAPPER.createObjectNode().put("line", line);
    answer.set("error", error);
    onAnswer.accept(new LineAnswer.Refused(line, Problem.read(413, error), answer));
  }
}
