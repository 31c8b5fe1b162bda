package dev.penstock.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderCall;
import dev.penstock.provider.ProviderResult;
import dev.penstock.provider.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Measures what README.md states. No test, so its name is none: {@code -Dtest=Figures} runs it. */
@EnabledOnOs(OS.LINUX)
final class Figures {
  private static final int CALLS = 200;
  private static final String SENTENCE =
      "In the payment of all its debts the plighted faith of the Government should be kept. ";

  @Test
  void figures() throws Exception {
    long before = residentMegabytes();
    long begin = System.nanoTime();
    try (Provider provider =
        new LocalProviderFactory().create("local", Map.of("inference-threads", "1"))) {
      provider.warmUp();
      print("load all models, ms", (System.nanoTime() - begin) / 1_000_000);
      print("resident memory before, MB", before);
      print("resident memory loaded, MB", residentMegabytes());
      String passage = SENTENCE.repeat(10);
      time(provider, "embed 1 sentence", new JobInput.Embed(SENTENCE));
      time(provider, "embed 10 sentences", new JobInput.Embed(passage));
      time(
          provider,
          "classify 10 sentences, 7 labels",
          new JobInput.Classify(
              passage, List.of("sea", "war", "family", "law", "god", "crime", "x")));
      time(provider, "summarize 10 sentences", new JobInput.Summarize(passage, 2));
      time(provider, "detect-language", new JobInput.DetectLanguage(passage));
      print("resident memory at the end, MB", residentMegabytes());
    }
  }

  private static void time(Provider provider, String what, JobInput input)
      throws InterruptedException {
    call(provider, input);
    long begin = System.nanoTime();
    for (int i = 0; i < CALLS; i++) {
      call(provider, input);
    }
    double millis = (System.nanoTime() - begin) / 1e6 / CALLS;
    print(what + ", ms", Math.round(millis * 10) / 10.0);
  }

  private static void call(Provider provider, JobInput input) throws InterruptedException {
    ProviderResult result =
        provider.call(
            new ProviderCall(
                JobId.random(Instant.EPOCH),
                0,
                1,
                Target.of("local"),
                input,
                Duration.ofMinutes(1)));
    assertThat(result).isInstanceOf(ProviderResult.Answered.class);
  }

  private static long residentMegabytes() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1_024)
        .findFirst()
        .orElseThrow();
  }

  private static void print(String what, Object value) {
    System.out.printf("%-40s %s%n", what, value);
  }
}
