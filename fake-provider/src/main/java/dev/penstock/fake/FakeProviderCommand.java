package dev.penstock.fake;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code penstock fake-provider}: one fake provider, until a signal. */
@Command(
    name = "penstock fake-provider",
    description = {
      "Runs a server that speaks the protocols of OpenAI and Anthropic, keeps limits as they do,"
          + " and misbehaves as a script says (docs/fake-provider.md). Nothing leaves this machine."
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "2:wrong options or script",
      "3:could not start",
      "143:stopped by SIGTERM (130 by Ctrl-C)"
    })
final class FakeProviderCommand implements Callable<Integer> {
  private static final int MAX_PORT = 65_535;
  private static final long MAX_SCRIPT_BYTES = 8L << 20;
  private static final Pattern DURATION = Pattern.compile("(\\d{1,6})(ms|s|m)");

  private final PrintStream out;
  private final Body body;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before anything runs
  private CommandSpec spec;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      description = "Where it listens; 0 for any free one. Default: 9191.")
  private int port = 9191;

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      description = "The address it listens on. Default: 127.0.0.1, this machine only.")
  private String host = "127.0.0.1";

  @Option(
      names = "--key",
      paramLabel = "KEY",
      description = "An API key that it takes. Repeatable. Default: sk-fake.")
  private @Nullable List<String> keys;

  @Option(
      names = "--script",
      paramLabel = "FILE",
      description = "How it behaves, as JSON. PUT /_fake/script sets another at run time.")
  private @Nullable Path script;

  @Option(
      names = "--requests-per-minute",
      paramLabel = "N",
      description = "What each key may use; 0 for no limit. Default: 0.")
  private long requestsPerMinute;

  @Option(
      names = "--tokens-per-minute",
      paramLabel = "N",
      description = "The same for tokens of input and output. Default: 0.")
  private long tokensPerMinute;

  @Option(
      names = "--concurrency",
      paramLabel = "N",
      description = "The same for calls at once. Default: 0.")
  private int concurrency;

  @Option(
      names = "--burst",
      paramLabel = "TIME",
      description = "What flows in within it can be used at once. Default: 1s.")
  private String burst = "1s";

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "This text.")
  boolean help;

  /** What happens while it runs. */
  @FunctionalInterface
  interface Body {
    void run(FakeProvider running) throws InterruptedException;
  }

  FakeProviderCommand(PrintStream out, Body body) {
    this.out = out;
    this.body = body;
  }

  PrintStream out() {
    return out;
  }

  /** Waits for the process to end by a signal. */
  static void untilTheProcessEnds(FakeProvider running) throws InterruptedException {
    Runtime.getRuntime().addShutdownHook(new Thread(running::close, "fake-provider-stop"));
    new CountDownLatch(1).await();
  }

  @Override
  public Integer call() throws InterruptedException {
    if (port < 0 || port > MAX_PORT) {
      throw wrong("--port is " + port + ", but must be from 0 to " + MAX_PORT);
    }
    Set<String> accepted =
        keys == null ? Set.of(FakeProvider.Options.KEY) : new LinkedHashSet<>(keys);
    if (accepted.stream().anyMatch(String::isBlank)) {
      throw wrong("--key is empty, but must be the key that clients send");
    }
    Script behaviour = script();
    var options = new FakeProvider.Options(host, port, accepted, limits());
    try (var running = FakeProvider.start(options, behaviour)) {
      out.print(announcement(running, accepted.iterator().next()));
      out.flush();
      body.run(running);
    } catch (UncheckedIOException e) {
      spec.commandLine().getErr().println("penstock fake-provider: " + e.getMessage());
      return Main.CANNOT_START;
    }
    return Main.OK;
  }

  static String announcement(FakeProvider running, String key) {
    String url = running.url().toString();
    return """
    fake provider on %1$s: OpenAI's and Anthropic's protocols below /v1
    A worker uses it with these settings:
      worker.providers=local,simulated,openai,anthropic
      worker.provider.openai.base-url=%1$s/v1
      worker.provider.openai.api-key=%2$s
      worker.provider.openai.model=gpt-fake-1
      worker.provider.anthropic.base-url=%1$s/v1
      worker.provider.anthropic.api-key=%2$s
      worker.provider.anthropic.model=claude-fake-1
    Behaviour: curl -X PUT --data-binary @script.json %1$s/_fake/script
    Statistics: curl %1$s/_fake/stats
    """
        .formatted(url, key);
  }

  private Limits limits() {
    Matcher matcher = DURATION.matcher(burst.toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw wrong("--burst is '" + burst + "', but must be a duration such as 100ms, 1s or 1m");
    }
    long amount = Long.parseLong(matcher.group(1));
    Duration time =
        switch (matcher.group(2)) {
          case "ms" -> Duration.ofMillis(amount);
          case "s" -> Duration.ofSeconds(amount);
          default -> Duration.ofMinutes(amount);
        };
    try {
      return new Limits(requestsPerMinute, tokensPerMinute, concurrency, time);
    } catch (IllegalArgumentException e) {
      throw wrong("the limits are wrong: " + e.getMessage());
    }
  }

  private Script script() {
    if (script == null) {
      return Script.NONE;
    }
    try {
      if (Files.size(script) > MAX_SCRIPT_BYTES) {
        throw wrong("--script " + script + " is over " + MAX_SCRIPT_BYTES + " bytes");
      }
      return Script.parse(Files.readAllBytes(script));
    } catch (IOException e) {
      throw wrong("--script " + script + " can't be read: " + e);
    } catch (ScriptException e) {
      throw wrong("--script " + script + ": " + e.getMessage());
    }
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
