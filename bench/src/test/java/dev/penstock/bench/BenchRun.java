package dev.penstock.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Json;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Runs benches as their command does. */
final class BenchRun {
  private BenchRun() {}

  /** How it ended, and what it wrote. */
  record Ended(int code, String out, String err) {}

  static Ended run(String... args) {
    var out = new StringWriter();
    var err = new StringWriter();
    int code = Main.run(args, new PrintWriter(out), new PrintWriter(err));
    return new Ended(code, out.toString(), err.toString());
  }

  /** Runs a bench that is to succeed and returns its report, whose common parts are right. */
  static JsonNode measured(String name, String... options) {
    var args = new ArrayList<>(List.of(name, "--json"));
    args.addAll(List.of(options));
    Ended ended = run(args.toArray(String[]::new));
    assertThat(ended.code()).as(ended.err()).isZero();
    JsonNode json = Json.MAPPER.readTree(ended.out().lines().toList().getLast());
    assertThat(json.get("bench").asString()).isEqualTo(name);
    assertThat(json.get("ratio").isNumber()).isTrue();
    assertThat(json.get("ratio").asDouble()).isPositive();
    assertThat(json.get("configuration").get("partitions").asInt()).isEqualTo(2);
    assertThat(json.get("versions").get("cores").asInt()).isPositive();
    json.get("parts")
        .properties()
        .forEach(part -> {
          if (!part.getKey().equals("early") && !part.getKey().contains("refused")) {
            assertThat(part.getValue().get("median").asDouble()).isPositive();
          }
          assertThat(part.getValue().get("rounds").isArray()).isTrue();
        });
    return json;
  }
}
