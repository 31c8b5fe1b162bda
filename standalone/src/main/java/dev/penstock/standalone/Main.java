package dev.penstock.standalone;

import dev.penstock.cli.Terminal;

/** The commands {@code standalone}, {@code demo} and {@code broker}, as a process. */
public final class Main {
  private Main() {}

  /**
   * Runs one command and ends the process with its code.
   *
   * @param args the command and its options
   */
  public static void main(String[] args) {
    System.exit(Commands.run(Terminal.ofProcess(), args));
  }
}
