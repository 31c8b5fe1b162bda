package dev.penstock.bench;

import com.sun.management.OperatingSystemMXBean;
import dev.penstock.broker.FreePort;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.process.ChildJvm;
import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderCall;
import dev.penstock.provider.ProviderFactory;
import dev.penstock.provider.ProviderResult;
import dev.penstock.provider.Target;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a call through the provider {@code openai} costs this JVM, over the bare HTTP client of the
 * JDK that posts a body made beforehand and parses the answer.
 */
@Command(
    name = "provider-call",
    description = "CPU of a call through the provider openai, against the bare HTTP client.",
    mixinStandardHelpOptions = true)
final class ProviderCallBench extends Bench {
  private static final Duration START = Duration.ofSeconds(60);
  private static final Duration TIMEOUT = Duration.ofSeconds(60);
  private static final int SERVER_HEAP_MB = 512;
  private static final JsonMapper MAPPER = new JsonMapper();

  @Option(
      names = "--in-flight",
      defaultValue = "1000",
      description = "Calls at once (${DEFAULT-VALUE}).")
  private int inFlight;

  @Option(
      names = "--calls",
      defaultValue = "20000",
      description = "Calls in a round (${DEFAULT-VALUE}).")
  private int calls;

  @Option(
      names = "--rounds",
      defaultValue = "5",
      description = "Rounds of each, after two that are not counted (${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--latency-ms",
      defaultValue = "500",
      description = "How long the server takes for an answer (${DEFAULT-VALUE}).")
  private int latencyMs;

  @Option(
      names = "--text-chars",
      defaultValue = "1000",
      description = "Length of a prompt (${DEFAULT-VALUE}).")
  private int textChars;

  /** Rounds in which the JVM is still compiling. */
  private static final int WARM_UP = 2;

  /** One way to make the call. */
  @FunctionalInterface
  private interface Caller {
    /** Makes one call and checks that it was answered. */
    void call() throws IOException, InterruptedException;
  }

  @Override
  Report measure() throws IOException, InterruptedException {
    check("--in-flight", inFlight, 1, 10_000);
    check("--calls", calls, inFlight, 10_000_000);
    check("--rounds", rounds, 1, 100);
    check("--latency-ms", latencyMs, 0, 60_000);
    check("--text-chars", textChars, 1, JobInput.MAX_TEXT_CHARS);
    Path directory = Files.createTempDirectory("penstock-bench");
    int port = FreePort.find();
    try (ChildJvm server =
        ChildJvm.start(
            new ChildJvm.Command(
                "provider-server",
                ProviderServer.class.getName(),
                List.of("-Xmx" + SERVER_HEAP_MB + "m"),
                List.of(String.valueOf(port), String.valueOf(latencyMs))),
            directory)) {
      server.awaitReady(Lab.uri(port, "/readyz"), START);
      return measure(port);
    } finally {
      delete(directory);
    }
  }

  private Report measure(int port) throws InterruptedException {
    var input = new JobInput.Generate("x".repeat(textChars), null, 500);
    var bareCosts = new ArrayList<Double>();
    var providerCosts = new ArrayList<Double>();
    var ratios = new ArrayList<Double>();
    try (HttpClient client = client();
        Provider provider = provider(port)) {
      Caller bare = bare(client, port, input);
      Caller through = through(provider, input);
      for (int round = 0; round < WARM_UP + rounds; round++) {
        double bareCost;
        double providerCost;
        if (round % 2 == 0) {
          bareCost = microsPerCall(bare);
          providerCost = microsPerCall(through);
        } else {
          providerCost = microsPerCall(through);
          bareCost = microsPerCall(bare);
        }
        progress(
            (round < WARM_UP ? "warm-up" : "round " + (round - WARM_UP + 1))
                + (": bare " + Math.round(bareCost))
                + (" µs, provider " + Math.round(providerCost) + " µs of CPU a call"));
        if (round >= WARM_UP) {
          bareCosts.add(bareCost);
          providerCosts.add(providerCost);
          ratios.add(providerCost / bareCost);
        }
      }
    }
    var bare = new Samples("µs/call", bareCosts);
    var provider = new Samples("µs/call", providerCosts);
    var configuration = new LinkedHashMap<String, Object>();
    configuration.put("inFlight", inFlight);
    configuration.put("calls", calls);
    configuration.put("rounds", rounds);
    configuration.put("latencyMs", latencyMs);
    configuration.put("textChars", textChars);
    configuration.put("answerBytes", ProviderServer.completion().length());
    configuration.put("server", "separate JVM, same machine");
    configuration.put("cpu", "of this process, garbage collection and compilation included");
    var parts = new LinkedHashMap<String, Samples>();
    parts.put("bare client", bare);
    parts.put("provider openai", provider);
    parts.put("ratio of a round", new Samples("", ratios));
    return new Report(
        "provider-call",
        "CPU of a call through the provider over that of the bare client with JSON parsing",
        provider.median() / bare.median(),
        parts,
        configuration);
  }

  /** CPU time of this process for one call, at the stated number in flight. */
  private double microsPerCall(Caller caller) throws InterruptedException {
    var os = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    var left = new AtomicInteger(calls);
    var failed = new AtomicReference<@Nullable Exception>();
    var done = new CountDownLatch(inFlight);
    long begin = os.getProcessCpuTime();
    for (int i = 0; i < inFlight; i++) {
      Thread.startVirtualThread(() -> {
        try {
          while (left.getAndDecrement() > 0) {
            caller.call();
          }
        } catch (IOException | InterruptedException | RuntimeException e) {
          failed.set(e);
          left.set(0);
        } finally {
          done.countDown();
        }
      });
    }
    done.await();
    long taken = os.getProcessCpuTime() - begin;
    Exception failure = failed.get();
    if (failure != null) {
      throw new IllegalStateException("a call failed", failure);
    }
    return taken / 1e3 / calls;
  }

  private static HttpClient client() {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .followRedirects(HttpClient.Redirect.NEVER)
        .executor(Executors.newVirtualThreadPerTaskExecutor())
        .build();
  }

  private static Caller bare(HttpClient client, int port, JobInput.Generate input) {
    byte[] body = MAPPER.writeValueAsBytes(body(input));
    URI uri = Lab.uri(port, "/v1/chat/completions");
    return () -> {
      HttpRequest request =
          HttpRequest.newBuilder(uri)
              .header("content-type", "application/json")
              .header("authorization", "Bearer no-secret")
              .timeout(TIMEOUT)
              .POST(BodyPublishers.ofByteArray(body))
              .build();
      HttpResponse<byte[]> response = client.send(request, BodyHandlers.ofByteArray());
      String text = MAPPER.readTree(response.body()).at("/choices/0/message/content").stringValue();
      if (response.statusCode() != 200 || text.isEmpty()) {
        throw new IllegalStateException("answered " + response.statusCode());
      }
    };
  }

  private static Map<String, Object> body(JobInput.Generate input) {
    var body = new LinkedHashMap<String, Object>();
    body.put("model", "m");
    body.put("messages", List.of(Map.of("role", "user", "content", input.text())));
    body.put("max_tokens", input.maxOutputTokens());
    return body;
  }

  private static Provider provider(int port) {
    ProviderFactory factory =
        ServiceLoader.load(ProviderFactory.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(found -> found.type().equals("openai"))
            .findFirst()
            .orElseThrow();
    return factory.create(
        "bench",
        Map.of(
            "base-url",
            Lab.uri(port, "/v1").toString(),
            "model",
            "m",
            "api-key",
            "no-secret",
            "stream",
            "false"));
  }

  private static Caller through(Provider provider, JobInput.Generate input) {
    var target = new Target("bench", "");
    return () -> {
      ProviderResult result =
          provider.call(
              new ProviderCall(JobId.random(Instant.EPOCH), 0, 1, target, input, TIMEOUT));
      if (!(result instanceof ProviderResult.Answered)) {
        throw new IllegalStateException("the call came to " + result);
      }
    };
  }

  private static void delete(Path directory) throws IOException {
    try (var paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
