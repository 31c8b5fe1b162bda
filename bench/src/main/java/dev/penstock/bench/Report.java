package dev.penstock.bench;

import com.google.errorprone.annotations.FormatMethod;
import dev.penstock.codec.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.utils.AppInfoParser;

/**
 * What a bench found.
 *
 * @param bench its name
 * @param meaning the ratio in words
 * @param ratio the figure
 * @param parts what it is made of, and what was measured beside it, in the order to be shown
 * @param configuration under which it was measured
 */
record Report(
    String bench,
    String meaning,
    double ratio,
    Map<String, Samples> parts,
    Map<String, Object> configuration) {

  /** The report as one line of JSON; numbers have four significant places or more. */
  String json() {
    var json = new LinkedHashMap<String, Object>();
    json.put("bench", bench);
    json.put("ratio", rounded(ratio));
    var partsJson = new LinkedHashMap<String, Object>();
    parts.forEach((name, samples) -> partsJson.put(name, json(samples)));
    json.put("parts", partsJson);
    json.put("configuration", configuration);
    json.put("versions", versions());
    return Json.MAPPER.writeValueAsString(json);
  }

  private static Map<String, Object> json(Samples samples) {
    var json = new LinkedHashMap<String, Object>();
    json.put("unit", samples.unit());
    json.put("median", rounded(samples.median()));
    json.put("min", rounded(samples.min()));
    json.put("max", rounded(samples.max()));
    json.put("rounds", samples.values().stream().map(Report::rounded).toList());
    return json;
  }

  /** The report as a table for a person. */
  String table() {
    var table = new StringBuilder();
    table.append(format("%n%s: %.3f  (%s)%n%n", bench, ratio, meaning));
    table.append(format("  %-28s %12s %12s %12s  %s%n", "", "median", "min", "max", "unit"));
    parts.forEach((name, samples) ->
        table.append(
            format(
                "  %-28s %12s %12s %12s  %s%n",
                name,
                number(samples.median()),
                number(samples.min()),
                number(samples.max()),
                samples.unit())));
    table.append(format("%n  %s%n  %s%n", line(configuration), line(versions())));
    return table.toString();
  }

  /**
   * The report as a page of Markdown.
   *
   * @param command what it was measured with
   * @param picture where its plot is, relative to the page
   */
  String markdown(String command, String picture) {
    var page = new StringBuilder();
    page.append(format("# bench %s%n%n**%.3f**: %s%n%n", bench, ratio, meaning));
    page.append(format("```%n%s%n```%n%n![](%s)%n%n", command, picture));
    page.append(format("| | median | least | most | unit | rounds |%n|---|---|---|---|---|---|%n"));
    parts.forEach((name, samples) ->
        page.append(
            format(
                "| %s | %s | %s | %s | %s | %d |%n",
                name,
                number(samples.median()),
                number(samples.min()),
                number(samples.max()),
                samples.unit(),
                samples.values().size())));
    page.append(format("%n| configuration | |%n|---|---|%n"));
    configuration.forEach((name, value) -> page.append(format("| %s | %s |%n", name, value)));
    versions().forEach((name, value) -> page.append(format("| %s | %s |%n", name, value)));
    return page.toString();
  }

  private static String line(Map<String, Object> values) {
    var line = new StringBuilder();
    values.forEach((name, value) ->
        line.append(line.isEmpty() ? "" : ", ").append(name).append(' ').append(value));
    return line.toString();
  }

  /** A number for a person. */
  static String number(double value) {
    return Math.abs(value) >= 100 ? format("%,.0f", value) : format("%.3f", value);
  }

  @FormatMethod
  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  private static double rounded(double value) {
    double scale = Math.abs(value) >= 100 ? 10 : 10_000;
    return Math.round(value * scale) / scale;
  }

  private static Map<String, Object> versions() {
    var versions = new LinkedHashMap<String, Object>();
    versions.put("penstock", penstockVersion());
    versions.put("java", Runtime.version().toString());
    versions.put("kafka", AppInfoParser.getVersion());
    versions.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    versions.put("arch", System.getProperty("os.arch"));
    versions.put("cores", Runtime.getRuntime().availableProcessors());
    return versions;
  }

  /** The versions of the peers, as the build took them. */
  static Map<String, Object> peerVersions() {
    Properties built = built();
    var versions = new LinkedHashMap<String, Object>();
    versions.put("parallelConsumerVersion", built.getProperty("parallel-consumer"));
    versions.put("springKafkaVersion", built.getProperty("spring-kafka"));
    return versions;
  }

  private static String penstockVersion() {
    return built().getProperty("version");
  }

  private static Properties built() {
    var properties = new Properties();
    try (var stream = Report.class.getResourceAsStream("penstock.properties")) {
      properties.load(stream);
    } catch (IOException e) {
      throw new UncheckedIOException("penstock.properties can't be read", e);
    }
    return properties;
  }
}
