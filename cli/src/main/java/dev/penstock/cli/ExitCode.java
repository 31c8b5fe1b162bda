package dev.penstock.cli;

/** What the process says to the shell when it ends. Every command keeps to these. */
final class ExitCode {
  /** Done; every job that was waited for succeeded. */
  static final int OK = 0;

  /** At least one job ended in another way than it should have. */
  static final int NOT_SUCCEEDED = 1;

  /** The command line is wrong; nothing was sent. */
  static final int USAGE = 2;

  /** The server can't be reached, is overloaded, or failed. Trying again later can help. */
  static final int UNAVAILABLE = 3;

  /** The server does not know the job, or refuses what was asked. */
  static final int REFUSED = 4;

  /** A bug in this program (EX_SOFTWARE of sysexits.h). */
  static final int BUG = 70;

  private ExitCode() {}
}
