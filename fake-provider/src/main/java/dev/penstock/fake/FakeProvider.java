package dev.penstock.fake;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;

/**
 * A running fake provider. It speaks the protocols of OpenAI and Anthropic on one port, behaves as
 * its script says, and counts what it sees. Thread-safe.
 *
 * <p>Answers follow from the seed, the model and the prompt. Nothing leaves the machine.
 */
public final class FakeProvider implements AutoCloseable {
  private final Ticker ticker;
  private final Ledger ledger;
  private final Calls calls;
  private final HttpServer server;
  private final String host;

  /**
   * What one is started with.
   *
   * @param host the address to listen on
   * @param port 0 for any free one
   * @param keys the API keys that it takes; empty for any
   * @param limits what each key may use
   */
  public record Options(String host, int port, Set<String> keys, Limits limits) {
    /** On the loopback interface, on any free port, with the key {@value #KEY}, without limits. */
    public static final Options DEFAULT =
        new Options("127.0.0.1", 0, Set.of(Options.KEY), Limits.NONE);

    /** The key that is taken unless others are given. */
    public static final String KEY = "sk-fake";

    public Options {
      keys = Set.copyOf(keys);
    }

    public Options withKeys(String... others) {
      return new Options(host, port, Set.of(others), limits);
    }

    public Options withLimits(Limits others) {
      return new Options(host, port, keys, others);
    }

    public Options withPort(int other) {
      return new Options(host, other, keys, limits);
    }
  }

  private FakeProvider(Options options, Script script, Ticker ticker) {
    this.ticker = ticker;
    this.ledger = new Ledger(ticker.now(), ticker.nanos());
    this.calls = new Calls(options.keys(), options.limits(), script, ticker, ledger);
    var routes = new Routes(calls, new Control(calls, ledger, ticker), ticker);
    try {
      InetAddress address = InetAddress.getByName(options.host());
      this.server = new HttpServer(address, options.port(), routes);
      this.host = options.host();
    } catch (IOException e) {
      throw new UncheckedIOException("the fake provider can't start: " + e.getMessage(), e);
    }
  }

  /** Starts one that works, on any free port. */
  public static FakeProvider start() {
    return start(Options.DEFAULT);
  }

  /**
   * Starts one that works.
   *
   * @throws UncheckedIOException when it can't listen
   */
  public static FakeProvider start(Options options) {
    return new FakeProvider(options, Script.NONE, Ticker.SYSTEM);
  }

  static FakeProvider start(Options options, Script script) {
    return new FakeProvider(options, script, Ticker.SYSTEM);
  }

  public int port() {
    return server.port();
  }

  /** Where it is: {@code http://127.0.0.1:PORT}. */
  public URI url() {
    return URI.create("http://" + host + ":" + port());
  }

  /** The base URL for clients of OpenAI: the same with {@code /v1}. */
  public URI openAiUrl() {
    return url().resolve("/v1");
  }

  /** The base URL for clients of Anthropic, which add {@code /v1} themselves. */
  public URI anthropicUrl() {
    return url();
  }

  /**
   * Behaves as another script says from now on; numbers of calls and times start anew. Calls that
   * are being answered go on as they began.
   *
   * @param json as {@code docs/fake-provider.md} describes it
   * @throws IllegalArgumentException when it is wrong; the message has all errors
   */
  public void script(String json) {
    try {
      calls.script(Script.parse(json.getBytes(StandardCharsets.UTF_8)));
    } catch (ScriptException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  /** What was seen since the start or the last reset. */
  public Stats stats() {
    return ledger.stats(calls.limits(), ticker.nanos());
  }

  /** The last 100,000 calls that ended, in the order of their ends. */
  public List<CallRecord> calls() {
    return ledger.calls();
  }

  /** Counts anew from now on. */
  public void resetStats() {
    ledger.reset(ticker.now(), ticker.nanos());
  }

  /** Cuts all connections and stops listening. */
  @Override
  public void close() {
    server.close();
  }
}
