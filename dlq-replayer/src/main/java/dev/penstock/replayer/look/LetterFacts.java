package dev.penstock.replayer.look;

import dev.penstock.job.Attempt;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What dead letters are found and told apart by. Where a record can't be read, what only a job has
 * is empty.
 *
 * @param code the stable code of the failure
 * @param provider who was called last, or empty
 * @param failedCall whether the failure is that call's
 * @param kind the kind of the job, or empty
 * @param message the failure's, or why the record can't be read
 * @param failedAt when the job ended; of others, when the record was written
 * @param job the job itself, or null
 * @param generation the one that failed
 * @param attempts how many it had
 */
public record LetterFacts(
    LetterType type,
    String code,
    String provider,
    boolean failedCall,
    String model,
    String kind,
    String tenant,
    String message,
    Instant failedAt,
    @Nullable Job job,
    int generation,
    int attempts) {
  /** The code of what can't be read. */
  static final String UNDECODABLE = new Failure.Undecodable("").code();

  /** What a record tells. */
  public static LetterFacts of(LetterRecord letter) {
    return switch (letter.content()) {
      case LetterContent.OfJob(DeadLetter dead) -> of(dead);
      case LetterContent.Poison(String reason) -> unread(LetterType.POISON, reason, letter);
      case LetterContent.Unreadable(String reason) -> unread(LetterType.UNREADABLE, reason, letter);
    };
  }

  private static LetterFacts of(DeadLetter dead) {
    Attempt last = dead.attempts().isEmpty() ? null : dead.attempts().getLast();
    return new LetterFacts(
        LetterType.JOB,
        dead.reason().code(),
        last != null && last.reachedProvider() ? last.provider() : "",
        last != null && dead.reason().equals(last.failure()),
        dead.job().model(),
        dead.job().input().kind().wireName(),
        dead.job().tenant().name(),
        dead.reason().message(),
        dead.at(),
        dead.job(),
        dead.generation(),
        dead.attempts().size());
  }

  private static LetterFacts unread(LetterType type, String reason, LetterRecord letter) {
    return new LetterFacts(
        type, UNDECODABLE, "", false, "", "", "", reason, letter.writtenAt(), null, 0, 0);
  }
}
