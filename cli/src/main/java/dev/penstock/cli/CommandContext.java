package dev.penstock.cli;

import dev.penstock.codec.Json;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import tools.jackson.databind.JsonNode;

/** What a command works with: the terminal and the environment. */
record CommandContext(Terminal terminal, Map<String, String> environment) {
  static final String DEFAULT_URL = "http://127.0.0.1:8080";

  /** A client of the API that the options, or the environment, name. */
  ApiClient api(CommandSpec command, ConnectionOptions options) {
    String url =
        options.url == null ? environment.getOrDefault("PENSTOCK_URL", DEFAULT_URL) : options.url;
    try {
      return new ApiClient(ApiClient.parseUrl(url));
    } catch (IllegalArgumentException e) {
      throw new CommandLine.ParameterException(
          command.commandLine(),
          (options.url == null ? "PENSTOCK_URL: " : "--url: ") + e.getMessage());
    }
  }

  /** Whether the output is one JSON object a line. */
  boolean json(ConnectionOptions options) {
    return options.output == null
        ? !terminal.isInteractive(Terminal.Stream.OUT)
        : options.output == ConnectionOptions.OutputForm.JSON;
  }

  /** One line for a program. */
  void printJson(JsonNode json) {
    terminal.out().println(Json.MAPPER.writeValueAsString(json));
  }

  /** One line for a person. */
  void print(String line) {
    terminal.out().println(line);
  }

  /** A wrong command line. */
  static CommandLine.ParameterException usage(CommandSpec command, String message) {
    return new CommandLine.ParameterException(command.commandLine(), message);
  }
}
