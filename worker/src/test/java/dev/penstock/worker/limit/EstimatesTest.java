package dev.penstock.worker.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.penstock.job.JobInput;
import dev.penstock.provider.Target;
import org.junit.jupiter.api.Test;

final class EstimatesTest {
  private static final Target TARGET = Target.of("a:x");

  private final Estimates estimates = new Estimates();

  @Test
  void theFirstGuessIsTheInputAndTheLongestOutput() {
    var prompt = new JobInput.Generate("x".repeat(400), "y".repeat(40), 500);
    assertThat(estimates.expected(TARGET, prompt)).isEqualTo(100 + 10 + 500);
  }

  @Test
  void whatCallsUsedCorrectsTheNextGuess() {
    var prompt = new JobInput.Generate("x".repeat(400), null, 900);
    for (int i = 0; i < 200; i++) {
      estimates.used(TARGET, prompt, i % 2 == 0 ? 150 : 250);
    }
    assertThat(estimates.expected(TARGET, prompt)).isCloseTo(200, within(5.0));
  }

  @Test
  void eachTargetAndKindIsLearnedApart() {
    var prompt = new JobInput.Generate("x".repeat(400), null, 900);
    estimates.used(TARGET, prompt, 10);
    assertThat(estimates.expected(TARGET, new JobInput.Embed("x".repeat(400)))).isEqualTo(100);
    assertThat(estimates.expected(Target.of("a:y"), prompt)).isEqualTo(1_000);
  }
}
