package dev.penstock.standalone;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A program of Debian's that a test runs. */
record Tool(Path path) {
  private static final long RUN_SECONDS = 120;
  private static final long STOP_SECONDS = 10;

  /**
   * What a program did.
   *
   * @param output what it wrote, errors too
   */
  record Result(int code, String output) {}

  /** The first of these that is on the path. */
  static Optional<Tool> find(String... names) {
    List<String> directories =
        List.of(System.getenv().getOrDefault("PATH", "/usr/bin:/bin").split(":", -1));
    return Arrays.stream(names)
        .flatMap(name -> directories.stream().map(directory -> Path.of(directory, name)))
        .filter(Files::isExecutable)
        .findFirst()
        .map(Tool::new);
  }

  /** Runs it to its end. */
  Result run(Path directory, String... arguments) throws IOException, InterruptedException {
    Process process = process(directory, arguments).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(RUN_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException(path + " did not end within " + RUN_SECONDS + " s: " + output);
    }
    return new Result(process.exitValue(), output);
  }

  /** Runs it with {@code input} to its end. */
  Result pipe(Path directory, String input, String... arguments)
      throws IOException, InterruptedException {
    Path file = Files.writeString(Files.createTempFile(directory, "input", ".txt"), input);
    Path output = Files.createTempFile(directory, "output", ".txt");
    Process process =
        process(directory, arguments)
            .redirectErrorStream(true)
            .redirectInput(file.toFile())
            .redirectOutput(output.toFile())
            .start();
    if (!process.waitFor(RUN_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException(path + " did not end within " + RUN_SECONDS + " s");
    }
    return new Result(process.exitValue(), Files.readString(output));
  }

  /** Starts it; what it writes goes to {@code log}. */
  Running start(Path directory, Path log, String... arguments) throws IOException {
    return new Running(
        process(directory, arguments)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start(),
        log);
  }

  private ProcessBuilder process(Path directory, String... arguments) {
    return new ProcessBuilder(
            Stream.concat(Stream.of(path.toString()), Arrays.stream(arguments)).toList())
        .directory(directory.toFile());
  }

  /** A program that runs until it is closed. */
  record Running(Process process, Path log) implements AutoCloseable {
    @Override
    public void close() {
      process.destroy();
      try {
        if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
          process.destroyForcibly().waitFor();
        }
      } catch (InterruptedException e) {
        process.destroyForcibly();
        Thread.currentThread().interrupt();
      }
    }
  }
}
