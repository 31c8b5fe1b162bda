package dev.penstock.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options that every command has: where the server is, and for whom the output is. */
final class ConnectionOptions {
  @Option(
      names = "--url",
      paramLabel = "URL",
      description = "Where the API is. Default: $PENSTOCK_URL, or http://127.0.0.1:8080.")
  @Nullable String url;

  @Option(
      names = "--output",
      paramLabel = "human|json",
      description =
          "Text for people, or one JSON object a line. Default: human on a terminal, json in a"
              + " pipe or a file.")
  @Nullable OutputForm output;

  @Mixin final HelpOption help = new HelpOption();

  /** For whom the output is. */
  enum OutputForm {
    HUMAN,
    JSON
  }
}
