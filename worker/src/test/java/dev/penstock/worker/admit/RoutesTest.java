package dev.penstock.worker.admit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.Attempt;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Served;
import dev.penstock.job.Usage;
import dev.penstock.provider.Target;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class RoutesTest {
  private static final Instant NOW = Instant.parse("2026-11-21T08:00:00Z");
  private static final JobId ID = JobId.random(NOW);

  private final Routes routes =
      new Routes(
          Map.of("fast", List.of(Target.of("a:x"), Target.of("a:y"), Target.of("b"))),
          (provider, _) -> !provider.equals("unknown"),
          List.of());

  private static JobRecord record(String model, Attempt... attempts) {
    var job =
        new Job(
            ID, model, new JobInput.Embed("text"), 5, Duration.ofSeconds(30), NOW, null, Map.of());
    return new JobRecord(job, 0, List.of(attempts), null);
  }

  private static Attempt attempt(int number, String target, Failure failure) {
    return new Attempt(
        number,
        Target.of(target).provider(),
        "w",
        NOW,
        Duration.ZERO,
        failure,
        new Served(null, null, Usage.NONE, null, null, target, null));
  }

  private static String called(Admission.Verdict verdict) {
    return verdict instanceof Admission.Verdict.Call(Admission.Permit permit)
        ? permit.target() + " " + permit.insteadOf()
        : verdict.toString();
  }

  @Test
  void theTargetsBehindTheOneThatFailedComeFirstAndThenTheOthersThatMayBeCalled() {
    Failure passing = new Failure.Retryable("5xx");
    Failure forGood = new Failure.ContextTooLong("too long");
    assertThat(called(routes.ask(record("fast"), NOW))).isEqualTo("a:x null");
    assertThat(called(routes.ask(record("fast", attempt(1, "a:x", passing)), NOW)))
        .isEqualTo("a:y a:x: retryable");
    assertThat(
            called(
                routes.ask(
                    record("fast", attempt(1, "a:x", forGood), attempt(2, "b", passing)), NOW)))
        .isEqualTo("a:y a:x: context_too_long");
    assertThat(
            called(
                routes.ask(
                    record("fast", attempt(1, "a:x", passing), attempt(2, "b", forGood)), NOW)))
        .isEqualTo("a:x null");
    assertThat(called(routes.ask(record("b:made-up"), NOW))).isEqualTo("b:made-up null");
    assertThat(routes.ask(record("unknown"), NOW)).isInstanceOf(Admission.Verdict.Refuse.class);
  }

  @Test
  void jobsThatTheSameKeepsFromTheSameTargetsWaitTogether() {
    Failure forGood = new Failure.ContextTooLong("too long");
    String fresh = routes.gate(record("fast"));
    String withoutX = routes.gate(record("fast", attempt(1, "a:x", forGood)));
    String withoutXAndY =
        routes.gate(record("fast", attempt(1, "a:x", forGood), attempt(2, "a:y", forGood)));
    assertThat(List.of(fresh, withoutX, withoutXAndY)).doesNotHaveDuplicates();
    assertThat(routes.gate(record("fast", attempt(1, "a:y", forGood), attempt(2, "a:x", forGood))))
        .isEqualTo(withoutXAndY);
    assertThat(
            routes.gate(
                record("fast", attempt(1, "a:x", new Failure.Throttled("m", Duration.ofDays(1))))))
        .isNotEqualTo(withoutX);
  }
}
