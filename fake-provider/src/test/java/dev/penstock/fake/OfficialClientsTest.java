package dev.penstock.fake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.penstock.codec.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/**
 * The providers' own JavaScript clients work against the fakes: so the fakes are faithful where
 * those clients look. {@code src/test/resources/official-clients} has the checks and the versions.
 */
class OfficialClientsTest {
  private static final Path SOURCES = Path.of("src/test/resources/official-clients");
  private static final Path INSTALLED = Path.of("target/official-clients");
  private static final List<String> FILES =
      List.of("package.json", "package-lock.json", "checks.mjs");

  /** The clients ask for 22, and what they are used for here works with 20. */
  private static final int LEAST_NODE = 20;

  private static final int LEAST_CHECKS = 50;
  private static final long INSTALL_SECONDS = 180;
  private static final long RUN_SECONDS = 120;

  /** What npm says when the registry is out of reach, and nothing else is wrong. */
  private static final Pattern OUT_OF_REACH =
      Pattern.compile("ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|network");

  private record Ended(int code, String output) {}

  @TestFactory
  Stream<DynamicTest> theOfficialClientsWork() throws Exception {
    install();
    Ended ended;
    try (var server = FakeProvider.start()) {
      ended =
          run(
              RUN_SECONDS,
              Map.of("FAKE_URL", server.url().toString()),
              "node",
              "--no-warnings",
              "checks.mjs");
    }
    List<JsonNode> results =
        ended
            .output()
            .lines()
            .filter(line -> line.startsWith("{\"name\""))
            .map(Json.MAPPER::readTree)
            .toList();
    assertThat(ended.code()).as("exit code; output:\n%s", ended.output()).isZero();
    assertThat(results).as("checks; output:\n%s", ended.output()).hasSizeGreaterThan(LEAST_CHECKS);
    return results.stream()
        .map(result ->
            DynamicTest.dynamicTest(
                result.get("name").asString(),
                () -> assertThat(result.path("error").asString("")).isEmpty()));
  }

  /** Does nothing when the same versions are installed already. */
  private static void install() throws IOException, InterruptedException {
    requireNode();
    Path lock = INSTALLED.resolve("package-lock.json");
    boolean same =
        Files.exists(INSTALLED.resolve("node_modules/.package-lock.json"))
            && Files.exists(lock)
            && Files.mismatch(lock, SOURCES.resolve("package-lock.json")) < 0;
    Files.createDirectories(INSTALLED);
    for (String file : FILES) {
      Files.copy(
          SOURCES.resolve(file), INSTALLED.resolve(file), StandardCopyOption.REPLACE_EXISTING);
    }
    if (same) {
      return;
    }
    Ended npm =
        run(
            INSTALL_SECONDS,
            Map.of(),
            "npm",
            "ci",
            "--prefer-offline",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts");
    if (npm.code() != 0) {
      if (OUT_OF_REACH.matcher(npm.output()).find()) {
        abort(
            "the official clients can't be installed, as the npm registry is out of reach: run this"
                + " again with network, or run 'npm ci' in "
                + INSTALLED.toAbsolutePath()
                + "\n"
                + npm.output());
      }
      throw new AssertionError("npm ci failed:\n" + npm.output());
    }
  }

  private static void requireNode() throws InterruptedException {
    String hint = "install Node.js " + LEAST_NODE + " or later with npm (Debian: nodejs, npm)";
    try {
      Ended node = run(RUN_SECONDS, Map.of(), "node", "--version");
      Matcher version = Pattern.compile("v(\\d+)\\..*").matcher(node.output().strip());
      if (!version.matches() || Integer.parseInt(version.group(1)) < LEAST_NODE) {
        abort(
            "the official clients need a newer Node.js than "
                + node.output().strip()
                + ": "
                + hint);
      }
      run(RUN_SECONDS, Map.of(), "npm", "--version");
    } catch (IOException e) {
      abort("the official clients can't be run (" + e.getMessage() + "): " + hint);
    }
  }

  private static Ended run(long seconds, Map<String, String> environment, String... command)
      throws IOException, InterruptedException {
    Files.createDirectories(INSTALLED);
    var builder = new ProcessBuilder(new ArrayList<>(List.of(command)));
    builder.directory(INSTALLED.toFile()).redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    var output = new StringBuilder();
    Thread reader =
        Thread.ofVirtual()
            .start(() -> {
              try (var in = process.inputReader(StandardCharsets.UTF_8)) {
                in.lines().forEach(line -> output.append(line).append('\n'));
              } catch (IOException e) {
                output.append(e).append('\n');
              }
            });
    if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
      reader.join();
      throw new AssertionError(
          String.join(" ", command) + " ran for over " + seconds + " s:\n" + output);
    }
    reader.join();
    return new Ended(process.exitValue(), output.toString());
  }
}
