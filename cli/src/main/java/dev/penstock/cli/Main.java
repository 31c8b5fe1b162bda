package dev.penstock.cli;

/** The commands that talk to the HTTP API, as a process. */
public final class Main {
  private Main() {}

  /**
   * Runs one command and ends the process with its {@link ExitCode}.
   *
   * @param args the command and its options
   */
  public static void main(String[] args) {
    System.exit(PenstockCommand.run(Terminal.ofProcess(), System.getenv(), args));
  }
}
