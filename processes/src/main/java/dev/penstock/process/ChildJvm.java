package dev.penstock.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A JVM of its own on this JVM's class path. What it prints goes to a file. It never outlives this
 * JVM's orderly end: a shutdown hook kills, by process id, whatever was not closed. Thread-safe.
 */
public final class ChildJvm implements AutoCloseable {
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(30);
  private static final Duration POLL = Duration.ofMillis(50);
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(2);
  private static final int TAIL_BYTES = 64 * 1024;

  /**
   * Options of all children, with commas between them: tests, which end soon, do without optimizing
   * compilers.
   */
  private static final String OPTIONS = System.getProperty("penstock.process.options", "");

  /** What would change the settings of a child behind the back of who starts it. */
  private static final String SETTINGS_PREFIX = "PENSTOCK_";

  private static final Set<Process> running = ConcurrentHashMap.newKeySet();

  static {
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() -> running.forEach(Process::destroyForcibly), "kill-child-jvms"));
  }

  /**
   * What to run.
   *
   * @param name for messages and the log file
   * @param mainClass with the package
   * @param jvmOptions for example {@code -Xmx512m}
   * @param arguments of the main method
   */
  public record Command(
      String name, String mainClass, List<String> jvmOptions, List<String> arguments) {
    public Command {
      jvmOptions = List.copyOf(jvmOptions);
      arguments = List.copyOf(arguments);
    }
  }

  private final Command command;
  private final Process process;
  private final Path log;

  private ChildJvm(Command command, Process process, Path log) {
    this.command = command;
    this.process = process;
    this.log = log;
  }

  /**
   * Starts the process and returns at once.
   *
   * @param directory where its log is appended to {@code NAME.log}
   * @throws UncheckedIOException when it can't be started
   */
  public static ChildJvm start(Command command, Path directory) {
    var line = new ArrayList<String>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.add("--enable-native-access=ALL-UNNAMED");
    line.add("-XX:+UseCompactObjectHeaders");
    Stream.of(OPTIONS.split(",")).filter(option -> !option.isEmpty()).forEach(line::add);
    line.addAll(command.jvmOptions());
    line.add("-cp");
    line.add(System.getProperty("java.class.path"));
    line.add(command.mainClass());
    line.addAll(command.arguments());
    Path log = directory.resolve(command.name() + ".log");
    var builder =
        new ProcessBuilder(line)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().keySet().removeIf(name -> name.startsWith(SETTINGS_PREFIX));
    try {
      Process process = builder.start();
      running.add(process);
      return new ChildJvm(command, process, log);
    } catch (IOException e) {
      throw new UncheckedIOException(command.name() + " can't be started", e);
    }
  }

  public String name() {
    return command.name();
  }

  /** What it was started with, for starting it once more. */
  public Command command() {
    return command;
  }

  public long pid() {
    return process.pid();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /**
   * The processor time that it has taken so far, in the system's own steps (10 ms on Linux); zero
   * where the system does not tell.
   */
  public Duration cpuTime() {
    return process.info().totalCpuDuration().orElse(Duration.ZERO);
  }

  /** The exit code, once it has ended. */
  public OptionalInt exitCode() {
    return process.isAlive() ? OptionalInt.empty() : OptionalInt.of(process.exitValue());
  }

  /**
   * Waits until {@code GET ready} answers 200.
   *
   * @throws IllegalStateException when the process ends before, or the time is up; the message ends
   *     with the log's last lines
   */
  public void awaitReady(URI ready, Duration timeout) throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    String last = "nothing answered";
    var request = HttpRequest.newBuilder(ready).timeout(REQUEST_TIMEOUT).build();
    try (var client = HttpClient.newBuilder().connectTimeout(REQUEST_TIMEOUT).build()) {
      while (System.nanoTime() < deadline) {
        checkAlive();
        try {
          var answer = client.send(request, HttpResponse.BodyHandlers.ofString());
          if (answer.statusCode() == 200) {
            return;
          }
          last = answer.statusCode() + " " + answer.body().strip();
        } catch (IOException e) {
          last = e.toString();
        }
        Thread.sleep(POLL);
      }
    }
    throw new IllegalStateException(
        name() + " is not ready after " + timeout + ": " + last + "\n" + logTail(50));
  }

  /**
   * Waits until something takes connections on a port of the loopback interface.
   *
   * @throws IllegalStateException when the process ends before, or the time is up; the message ends
   *     with the log's last lines
   */
  public void awaitListening(int port, Duration timeout) throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (System.nanoTime() < deadline) {
      checkAlive();
      try (var _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
        return;
      } catch (IOException _) {
        Thread.sleep(POLL);
      }
    }
    throw new IllegalStateException(
        name() + " does not listen on port " + port + " after " + timeout + "\n" + logTail(50));
  }

  /**
   * Throws when the process has ended.
   *
   * @throws IllegalStateException with the exit code and the log's last lines
   */
  public void checkAlive() {
    if (!process.isAlive()) {
      throw new IllegalStateException(
          name() + " has ended with code " + process.exitValue() + "\n" + logTail(50));
    }
  }

  /** SIGTERM; does not wait. */
  public void terminate() {
    process.destroy();
  }

  /** SIGKILL, and waits until the process is gone. */
  public void kill() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor();
    running.remove(process);
  }

  /** SIGSTOP: it stands still, holding all it has, until {@link #resume}. */
  public void pause() throws InterruptedException {
    signal("STOP");
  }

  /** SIGCONT. */
  public void resume() throws InterruptedException {
    signal("CONT");
  }

  private void signal(String name) throws InterruptedException {
    try {
      int code =
          new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid()))
              .inheritIO()
              .start()
              .waitFor();
      if (code != 0) {
        throw new IllegalStateException(
            name() + " could not be sent SIG" + name + ": kill ended with code " + code);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the command kill can't be run", e);
    }
  }

  /** Waits for the end. Returns whether it came in time. */
  public boolean awaitEnd(Duration timeout) throws InterruptedException {
    boolean ended = process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS);
    if (ended) {
      running.remove(process);
    }
    return ended;
  }

  /** SIGTERM, then SIGKILL when it has not ended after 30 seconds. Returns when it is gone. */
  @Override
  public void close() {
    try {
      terminate();
      if (!awaitEnd(STOP_TIMEOUT)) {
        kill();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  /** The last lines of what it printed, at most {@code lines} of them. */
  public String logTail(int lines) {
    try (var file = Files.newByteChannel(log)) {
      long size = file.size();
      int tail = (int) Math.min(size, TAIL_BYTES);
      var bytes = java.nio.ByteBuffer.allocate(tail);
      file.position(size - tail);
      while (bytes.hasRemaining() && file.read(bytes) >= 0) {
        // reads until the buffer is full or the file ends
      }
      List<String> all =
          new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8).lines().toList();
      int from = Math.max(0, all.size() - lines);
      return "--- " + log + "\n" + String.join("\n", all.subList(from, all.size()));
    } catch (IOException e) {
      return "--- " + log + " can't be read: " + e;
    }
  }
}
