package dev.penstock.bench.limit;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * What enforces a limit, for whoever calls: one process, one account. A client sends a line for a
 * call and reads a line: {@code no MILLIS}, at once, or {@code ok TOKENS REMAINING} when the call
 * has taken its time. A connection that ends ends its call.
 *
 * <p>Rates are buckets that are full at first and hold some seconds' worth. A call's tokens are
 * what it will use, taken at its beginning. Thread-safe.
 */
public final class LimitEnforcer implements AutoCloseable {
  private static final double NANOS_A_MINUTE = 60e9;

  private final Allowance allowance;
  private final double meanTokens;
  private final double meanMillis;
  private final ServerSocket listener;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final SplittableRandom random = new SplittableRandom(42);
  private final long began = System.nanoTime();
  private final Object lock = new Object();
  private double level;
  private long at = began;
  private int running;
  private Seen seen = new Seen(0, 0, 0, 0, 0);
  private long meteredAt = began;

  /** What is limited. */
  public enum Kind {
    REQUESTS("requests-per-minute"),
    TOKENS("tokens-per-minute"),
    CONCURRENCY("concurrency");

    private final String setting;

    Kind(String setting) {
      this.setting = setting;
    }

    /** The last part of the worker's setting. */
    public String setting() {
      return setting;
    }
  }

  /**
   * The limit.
   *
   * @param most calls a minute, tokens a minute, or calls at once
   * @param burstSeconds how much of a rate can be saved up
   */
  public record Allowance(Kind kind, long most, double burstSeconds) {
    private double capacity() {
      return most / 60.0 * burstSeconds;
    }
  }

  /**
   * What was seen since the start.
   *
   * @param seconds since then
   * @param accepted calls
   * @param refused calls
   * @param tokens of the accepted ones
   * @param slotSeconds the sum of the time that calls took
   */
  public record Seen(
      double seconds, long accepted, long refused, double tokens, double slotSeconds) {
    /** What came to it since {@code before}. */
    public Seen since(Seen before) {
      return new Seen(
          seconds - before.seconds,
          accepted - before.accepted,
          refused - before.refused,
          tokens - before.tokens,
          slotSeconds - before.slotSeconds);
    }

    /** The part of the limit that was used. */
    public double used(Allowance allowance) {
      double perMinute = 60 / seconds;
      return switch (allowance.kind()) {
        case REQUESTS -> accepted * perMinute / allowance.most();
        case TOKENS -> tokens * perMinute / allowance.most();
        case CONCURRENCY -> slotSeconds / seconds / allowance.most();
      };
    }

    /** The part of all calls that was refused. */
    public double refusedPart() {
      return accepted + refused == 0 ? 0 : (double) refused / (accepted + refused);
    }
  }

  /**
   * Listens on a port of the loopback interface.
   *
   * @param meanTokens of a call; they are log-normal with a sigma of a half
   * @param meanMillis that a call takes, likewise
   */
  public LimitEnforcer(Allowance allowance, double meanTokens, double meanMillis)
      throws IOException {
    this.allowance = allowance;
    this.meanTokens = meanTokens;
    this.meanMillis = meanMillis;
    this.level = allowance.capacity();
    this.listener = new ServerSocket(0, 500, InetAddress.getLoopbackAddress());
    threads.execute(this::listen);
  }

  public int port() {
    return listener.getLocalPort();
  }

  public Allowance allowance() {
    return allowance;
  }

  /** What was seen so far. */
  public Seen seen() {
    synchronized (lock) {
      meter(System.nanoTime());
      return seen;
    }
  }

  private void listen() {
    while (!listener.isClosed()) {
      try {
        Socket client = listener.accept();
        threads.execute(() -> serve(client));
      } catch (IOException e) {
        if (!listener.isClosed()) {
          throw new UncheckedIOException("the enforcer can't listen", e);
        }
      }
    }
  }

  private void serve(Socket client) {
    try (client;
        var in =
            new BufferedReader(
                new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII))) {
      client.setTcpNoDelay(true);
      OutputStream out = client.getOutputStream();
      while (in.readLine() != null) {
        Call call = ask();
        if (call.accepted()) {
          try {
            work(client, in, call.millis());
          } finally {
            end();
          }
        }
        out.write((call.answer() + "\n").getBytes(StandardCharsets.US_ASCII));
      }
    } catch (IOException _) {
      // The client is gone; what it called has ended.
    }
  }

  /** Takes its time, unless the client goes meanwhile. */
  private static void work(Socket client, BufferedReader in, long millis) throws IOException {
    client.setSoTimeout((int) Math.max(1, millis));
    try {
      if (in.readLine() == null) {
        throw new IOException("the client is gone");
      }
      throw new IOException("the client does not wait for its answer");
    } catch (SocketTimeoutException _) {
      client.setSoTimeout(0);
    }
  }

  private record Call(boolean accepted, long millis, String answer) {}

  private Call ask() {
    synchronized (lock) {
      long now = System.nanoTime();
      meter(now);
      double tokens = Math.max(1, logNormal(meanTokens));
      double cost = allowance.kind() == Kind.TOKENS ? tokens : 1;
      boolean fits =
          allowance.kind() == Kind.CONCURRENCY
              ? running < allowance.most()
              : level >= Math.min(cost, allowance.capacity());
      if (!fits) {
        seen =
            new Seen(
                seen.seconds(),
                seen.accepted(),
                seen.refused() + 1,
                seen.tokens(),
                seen.slotSeconds());
        return new Call(false, 0, "no " + millisUntil(cost));
      }
      running++;
      level -= cost;
      seen =
          new Seen(
              seen.seconds(),
              seen.accepted() + 1,
              seen.refused(),
              seen.tokens() + Math.round(tokens),
              seen.slotSeconds());
      return new Call(
          true,
          Math.round(logNormal(meanMillis)),
          "ok " + Math.round(tokens) + " " + (long) Math.max(0, level));
    }
  }

  private void end() {
    synchronized (lock) {
      meter(System.nanoTime());
      running--;
    }
  }

  private void meter(long now) {
    double seconds = (now - meteredAt) / 1e9;
    meteredAt = now;
    level =
        Math.min(allowance.capacity(), level + (now - at) * (allowance.most() / NANOS_A_MINUTE));
    at = now;
    seen =
        new Seen(
            (now - began) / 1e9,
            seen.accepted(),
            seen.refused(),
            seen.tokens(),
            seen.slotSeconds() + running * seconds);
  }

  private long millisUntil(double cost) {
    if (allowance.kind() == Kind.CONCURRENCY) {
      return 100;
    }
    double missing = Math.min(cost, allowance.capacity()) - level;
    return 1 + (long) Math.max(0, missing * 60_000 / allowance.most());
  }

  /** Log-normal with the given mean: exp(mu + sigma * N), where mu = ln(mean) - sigma^2 / 2. */
  private double logNormal(double mean) {
    double sigma = 0.5;
    return mean * Math.exp(sigma * random.nextGaussian() - sigma * sigma / 2);
  }

  @Override
  public void close() throws IOException {
    listener.close();
    threads.shutdownNow();
  }
}
