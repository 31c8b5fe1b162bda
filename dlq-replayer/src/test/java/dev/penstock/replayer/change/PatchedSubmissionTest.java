package dev.penstock.replayer.change;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.Ordering;
import dev.penstock.job.Priority;
import dev.penstock.job.RetryRule;
import dev.penstock.job.TenantId;
import dev.penstock.replay.Refusal;
import dev.penstock.replayer.change.Change.Changed;
import dev.penstock.submission.Contract;
import dev.penstock.submission.SubmissionReader;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class PatchedSubmissionTest {
  private static final Instant NOW = Instant.parse("2026-11-22T03:00:00Z");
  private static final SubmissionReader READER = new SubmissionReader(Contract.load(), () -> NOW);

  private static Job job(@Nullable Ordering ordering) {
    return new Job(
        JobId.of("01a1fde9-9009-7fbe-b20b-f706a42df8e7"),
        "openai:gpt",
        new JobInput.Generate("Say hi.", "Be brief.", 64),
        4,
        Duration.ofSeconds(30),
        NOW.minusSeconds(3_600),
        NOW.plusSeconds(3_600),
        Map.of("team", "search"),
        ordering == null ? NOW.minusSeconds(1_800) : null,
        new RetryRule(Duration.ofSeconds(2), null, 1.5),
        ordering,
        Priority.HIGH,
        true,
        TenantId.of("acme"),
        null);
  }

  private static Changed apply(String patch, Job job) {
    return new PatchedSubmission(READER, patch).apply(job, NOW);
  }

  @Test
  void anEmptyPatchLeavesAllButWhenItWasFirstToRun() {
    Job job = job(null);
    assertThat(apply("[]", job))
        .isInstanceOfSatisfying(
            Changed.Other.class,
            other -> {
              assertThat(other.job().runAt()).isNull();
              assertThat(other.job())
                  .usingRecursiveComparison()
                  .ignoringFields("runAt")
                  .isEqualTo(job);
            });
    Job ordered = job(new Ordering("k", Ordering.OnDeadLetter.BLOCK));
    assertThat(apply("[]", ordered)).isEqualTo(new Changed.Other(ordered));
  }

  @Test
  void theModelThePriorityAndTheInputCanBeChanged() {
    var changed =
        apply(
            """
            [{"op":"replace","path":"/model","value":"local"},
             {"op":"remove","path":"/priority"},
             {"op":"replace","path":"/input/maxOutputTokens","value":128},
             {"op":"remove","path":"/expireAt"}]\
            """,
            job(null));
    assertThat(changed)
        .isInstanceOfSatisfying(
            Changed.Other.class,
            other -> {
              assertThat(other.job().model()).isEqualTo("local");
              assertThat(other.job().priority()).isEqualTo(Priority.NORMAL);
              assertThat(other.job().input())
                  .isEqualTo(new JobInput.Generate("Say hi.", "Be brief.", 128));
              assertThat(other.job().expireAt()).isNull();
              assertThat(other.job().acceptedAt()).isEqualTo(NOW.minusSeconds(3_600));
            });
  }

  @Test
  void aDelayCountsFromTheReplay() {
    assertThat(apply("[{\"op\":\"add\",\"path\":\"/delay\",\"value\":\"5m\"}]", job(null)))
        .isInstanceOfSatisfying(
            Changed.Other.class,
            other -> assertThat(other.job().runAt()).isEqualTo(NOW.plusSeconds(300)));
  }

  @Test
  void whatTheIntakeWouldRefuseIsRefused() {
    assertThat(apply("[{\"op\":\"replace\",\"path\":\"/maxAttempts\",\"value\":99}]", job(null)))
        .isEqualTo(new Changed.Refused(Refusal.INVALID_CHANGE, "/maxAttempts: must be at most 20"));
    assertThat(apply("[{\"op\":\"add\",\"path\":\"/nonsense\",\"value\":1}]", job(null)))
        .isEqualTo(new Changed.Refused(Refusal.INVALID_CHANGE, "/nonsense: is not a known field"));
  }

  @Test
  void whoseItIsAndWhatItWaitsForStay() {
    var key = "[{\"op\":\"add\",\"path\":\"/orderingKey\",\"value\":\"other\"}]";
    assertThat(apply("[{\"op\":\"remove\",\"path\":\"/tenant\"}]", job(null)))
        .isEqualTo(new Changed.Refused(Refusal.INVALID_CHANGE, "/tenant: can't be changed"));
    for (Job job : new Job[] {job(null), job(new Ordering("k", Ordering.OnDeadLetter.BLOCK))}) {
      assertThat(apply(key, job))
          .isEqualTo(
              new Changed.Refused(
                  Refusal.INVALID_CHANGE, "/orderingKey and /onDeadLetter: can't be changed"));
    }
  }

  @Test
  void aPatchThatDoesNotFitIsRefused() {
    assertThat(apply("[{\"op\":\"remove\",\"path\":\"/cache\"}]", job(null)))
        .isEqualTo(
            new Changed.Refused(
                Refusal.INVALID_CHANGE,
                "operation 1 (remove /cache) does not fit: there is nothing at /cache"));
  }

  @Test
  void oneThatIsPastItsTimeIsRefused() {
    var patch = "[{\"op\":\"replace\",\"path\":\"/expireAt\",\"value\":\"2026-11-22T02:59:59Z\"}]";
    assertThat(apply(patch, job(null)))
        .isEqualTo(new Changed.Refused(Refusal.EXPIRED, "it is wanted until 2026-11-22T02:59:59Z"));
  }
}
