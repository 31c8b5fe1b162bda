package dev.penstock.fake;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;

/** {@code penstock fake-provider}, as a process. */
public final class Main {
  static final int OK = 0;
  static final int USAGE = 2;
  static final int CANNOT_START = 3;

  private Main() {}

  /**
   * Runs until a signal ends the process.
   *
   * @param args the options
   */
  public static void main(String[] args) {
    System.exit(
        run(
            new FakeProviderCommand(System.out, FakeProviderCommand::untilTheProcessEnds),
            System.err,
            args));
  }

  static int run(FakeProviderCommand command, PrintStream err, String... args) {
    var errors = new PrintWriter(err, true, StandardCharsets.UTF_8);
    return new CommandLine(command)
        .setErr(errors)
        .setOut(new PrintWriter(command.out(), true, StandardCharsets.UTF_8))
        .setParameterExceptionHandler((e, _) -> {
          errors.println(
              "penstock fake-provider: "
                  + e.getMessage()
                  + " (see 'penstock fake-provider --help')");
          return USAGE;
        })
        .execute(args);
  }
}
