package dev.penstock.bench;

import java.io.PrintWriter;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code penstock bench NAME [--json] [options]}. */
@Command(
    name = "penstock bench",
    description = {
      "Measures Penstock against the plain thing below it, in one run on this machine.",
      "Run it on a quiet machine; each takes up to about three minutes."
    },
    mixinStandardHelpOptions = true,
    subcommands = {
      WorkerBench.class,
      ViewsBench.class,
      UtilisationBench.class,
      IntakeBench.class,
      IntakeBulkBench.class,
      RetriesBench.class,
      FailoverBench.class,
      OutageBench.class,
      LatencyBench.class,
      SlowJobsBench.class,
      PeersBench.class,
      CacheBench.class,
      LimitsBench.class,
      ProviderCallBench.class,
      SearchBench.class,
      DeadLettersBench.class,
      ReplayBench.class
    })
public final class Main {
  /** Kept here, because the log manager forgets a logger that no one holds. */
  private static final Logger WEB_SERVER = Logger.getLogger("io.helidon");

  private Main() {}

  /** Runs one benchmark and ends the process: 0 when it was measured, 1 when not, 2 for usage. */
  public static void main(String[] args) {
    quiet();
    System.exit(
        run(
            args,
            new PrintWriter(System.out, true, System.out.charset()),
            new PrintWriter(System.err, true, System.err.charset())));
  }

  /** What runs inside this JVM logs what needs attention only. */
  private static void quiet() {
    if (System.getenv("PENSTOCK_LOG_LEVEL") == null) {
      System.setProperty("PENSTOCK_LOG_LEVEL", "WARN");
    }
    WEB_SERVER.setLevel(Level.WARNING);
  }

  /** Runs one benchmark and returns the exit code. */
  static int run(String[] args, PrintWriter out, PrintWriter err) {
    return new CommandLine(new Main())
        .setOut(out)
        .setErr(err)
        .setExecutionExceptionHandler((error, command, _) -> {
          command.getErr().println(command.getCommandName() + " was not measured: " + error);
          error.printStackTrace(command.getErr());
          return CommandLine.ExitCode.SOFTWARE;
        })
        .execute(args);
  }
}
