package dev.penstock.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Runs commands as a shell would, and keeps what they said. */
final class Shell {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private Set<Terminal.Stream> interactive = Set.of();
  private InputStream in = InputStream.nullInputStream();
  private boolean color;
  private Map<String, String> environment;

  private Shell(Map<String, String> environment) {
    this.environment = environment;
  }

  /** Streams are pipes, and the environment names {@code api}. */
  static Shell of(FakeApi api) {
    return new Shell(Map.of("PENSTOCK_URL", api.uri().toString()));
  }

  /** For commands that ask no server. */
  static Shell alone() {
    return new Shell(Map.of());
  }

  Shell onTerminal() {
    interactive = Set.of(Terminal.Stream.OUT, Terminal.Stream.ERR);
    return this;
  }

  Shell withColor() {
    color = true;
    return this;
  }

  Shell withInput(InputStream input) {
    in = input;
    return this;
  }

  Shell withInput(String input) {
    return withInput(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
  }

  Shell withEnvironment(Map<String, String> variables) {
    environment = variables;
    return this;
  }

  int run(String... args) {
    return PenstockCommand.run(
        new Terminal(
            in,
            new PrintStream(out, false, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            interactive,
            80,
            color),
        environment,
        args);
  }

  String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  List<String> outLines() {
    return out().lines().toList();
  }

  String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  List<String> errLines() {
    return err().lines().toList();
  }
}
