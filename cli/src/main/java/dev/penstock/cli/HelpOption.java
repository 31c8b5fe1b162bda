package dev.penstock.cli;

import picocli.CommandLine.Option;

/** {@code --help}, as every command has it. */
public final class HelpOption {
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "This text.")
  boolean help;
}
