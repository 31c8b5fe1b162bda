package dev.penstock.standalone;

import dev.penstock.codec.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/** A dashboard of {@code deploy/grafana}. */
record Dashboard(String file, JsonNode json) {
  private static final Path DIRECTORY = Repository.root().resolve("deploy/grafana");

  /**
   * One question of a panel.
   *
   * @param expression with all variables replaced by what they stand for when all is chosen
   */
  record Query(String panel, String expression) {}

  static List<Dashboard> all() throws IOException {
    var dashboards = new ArrayList<Dashboard>();
    try (Stream<Path> files = Files.list(DIRECTORY)) {
      for (Path file : files.filter(each -> each.toString().endsWith(".json")).sorted().toList()) {
        dashboards.add(
            new Dashboard(
                file.getFileName().toString(), Json.MAPPER.readTree(Files.readString(file))));
      }
    }
    return dashboards;
  }

  List<JsonNode> panels() {
    var panels = new ArrayList<JsonNode>();
    json.path("panels").forEach(panels::add);
    return panels;
  }

  List<Query> queries() {
    var queries = new ArrayList<Query>();
    for (JsonNode panel : panels()) {
      for (JsonNode target : panel.path("targets")) {
        queries.add(new Query(file + ", " + text(panel, "title"), replaced(text(target, "expr"))));
      }
    }
    return queries;
  }

  /** The questions that its variables are filled by, as series. */
  List<Query> variables() {
    var queries = new ArrayList<Query>();
    for (JsonNode variable : json.at("/templating/list")) {
      String definition = text(variable, "definition");
      if (definition.startsWith("label_values(")) {
        queries.add(
            new Query(
                file + ", variable " + text(variable, "name"),
                definition.substring("label_values(".length(), definition.lastIndexOf(','))));
      }
    }
    return queries;
  }

  private String replaced(String expression) {
    String all = expression.replace("$__rate_interval", "5m");
    for (JsonNode variable : json.at("/templating/list")) {
      all = all.replace("$" + text(variable, "name"), ".*");
    }
    return all;
  }

  private static String text(JsonNode node, String field) {
    return node.path(field).asString("");
  }
}
