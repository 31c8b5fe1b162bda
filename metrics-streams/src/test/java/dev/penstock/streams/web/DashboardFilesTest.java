package dev.penstock.streams.web;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Json;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** How the files of the page are served, and where those that others wrote come from. */
class DashboardFilesTest {
  private static final Path SOURCES = Path.of("src/main/resources/dashboard");
  private static final Pattern ASSET = Pattern.compile("\"(/assets/[^\"]+)\"");

  private final FakeStreams fake = new FakeStreams(0, "");
  private final HttpClient http = HttpClient.newHttpClient();

  @AfterEach
  void close() {
    fake.close();
    http.close();
  }

  private HttpResponse<byte[]> get(String path, String... headers) throws Exception {
    var request = HttpRequest.newBuilder(URI.create(fake.url() + path));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  @Test
  void everyAddressOfThePageGivesIt() throws Exception {
    for (String path : DashboardFiles.PAGES) {
      HttpResponse<byte[]> page = get(path.replace("{id}", FakeStreams.id(1)));
      assertThat(page.statusCode()).as(path).isEqualTo(200);
      assertThat(page.headers().firstValue("content-type")).contains("text/html; charset=utf-8");
      assertThat(page.headers().firstValue("cache-control")).contains("no-cache");
    }
  }

  @Test
  void headAnswersAsGetWithoutTheBody() throws Exception {
    var uri = URI.create(fake.url());
    try (var socket = new Socket(uri.getHost(), uri.getPort())) {
      socket.setSoTimeout(30_000);
      var in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
      // Whatever body the first answer had would stand before the second one.
      for (String path : List.of("/", "/nosuch")) {
        String request =
            "HEAD " + path + " HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n";
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        assertThat(in.readLine()).startsWith(path.equals("/") ? "HTTP/1.1 200" : "HTTP/1.1 404");
        var headers = new ArrayList<String>();
        for (String line = in.readLine(); !line.isEmpty(); line = in.readLine()) {
          headers.add(line.toLowerCase(Locale.ROOT));
        }
        assertThat(headers).contains("content-length: " + get("/").body().length);
      }
    }
  }

  @Test
  void whatIsNoPageIsNotFoundForPeopleAndPrograms() throws Exception {
    HttpResponse<byte[]> page = get("/nosuch/page", "Accept", "text/html,*/*;q=0.8");
    assertThat(page.statusCode()).isEqualTo(404);
    assertThat(page.headers().firstValue("content-security-policy")).isPresent();
    assertThat(new String(page.body(), StandardCharsets.UTF_8)).contains("id=\"app\"");
    for (String path : List.of("/nosuch", "/v1/nosuch")) {
      HttpResponse<byte[]> problem =
          get(path, "Accept", path.equals("/nosuch") ? "*/*" : "text/html");
      assertThat(problem.statusCode()).as(path).isEqualTo(404);
      assertThat(problem.headers().firstValue("content-type")).contains("application/problem+json");
    }
  }

  @Test
  void nothingButItsOwnFilesMayRunInIt() throws Exception {
    HttpResponse<byte[]> page = get("/");
    String policy = page.headers().firstValue("content-security-policy").orElseThrow();
    assertThat(policy)
        .contains("default-src 'self'", "frame-ancestors 'none'", "trusted-types 'none'")
        .doesNotContain("unsafe");
    assertThat(page.headers().firstValue("x-content-type-options")).contains("nosniff");
    assertThat(page.headers().firstValue("referrer-policy")).contains("no-referrer");
    String html = new String(page.body(), StandardCharsets.UTF_8);
    assertThat(html).doesNotContain("@BUILD@", "style=", "onclick");
  }

  @Test
  void filesAreKeptForEverAndThePageIsAskedForAnew() throws Exception {
    String html = new String(get("/").body(), StandardCharsets.UTF_8);
    List<String> assets = ASSET.matcher(html).results().map(found -> found.group(1)).toList();
    assertThat(assets).hasSizeGreaterThan(10);
    for (String asset : assets) {
      HttpResponse<byte[]> file = get(asset);
      assertThat(file.statusCode()).as(asset).isEqualTo(200);
      assertThat(file.headers().firstValue("cache-control"))
          .hasValueSatisfying(v -> assertThat(v).contains("immutable"));
      String tag = file.headers().firstValue("etag").orElseThrow();
      assertThat(get(asset, "If-None-Match", tag).statusCode()).isEqualTo(304);
      HttpResponse<byte[]> zipped = get(asset, "Accept-Encoding", "br, gzip");
      assertThat(zipped.headers().firstValue("content-encoding")).contains("gzip");
      try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(zipped.body()))) {
        assertThat(in.readAllBytes()).isEqualTo(file.body());
      }
    }
    String other = assets.getFirst().replaceFirst("/assets/[^/]+/", "/assets/0123456789abcdef/");
    assertThat(get(other).headers().firstValue("cache-control")).contains("no-cache");
    assertThat(get(other + "/../../application.class").statusCode()).isEqualTo(404);
    assertThat(get("/assets/0123456789abcdef/index.html").statusCode()).isEqualTo(404);
  }

  @Test
  void theIndexNamesEveryFile() throws Exception {
    try (Stream<Path> files = Files.walk(SOURCES)) {
      assertThat(DashboardFiles.names())
          .as(
              DashboardFiles.INDEX
                  + " names each file below "
                  + SOURCES
                  + " but the page and itself")
          .containsExactlyInAnyOrderElementsOf(
              files
                  .filter(Files::isRegularFile)
                  .map(file -> SOURCES.relativize(file).toString().replace('\\', '/'))
                  .filter(name -> !name.equals("index.html") && !name.equals(DashboardFiles.INDEX))
                  .toList());
    }
  }

  @Test
  void whatOthersWroteIsAsTheyPublishedIt() throws Exception {
    Path vendor = SOURCES.resolve("vendor");
    JsonNode record = Json.MAPPER.readTree(Files.readString(vendor.resolve("vendor.json")));
    assertThat(record.size()).isGreaterThanOrEqualTo(6);
    var recorded = new java.util.ArrayList<String>(List.of("vendor.json"));
    for (JsonNode entry : record) {
      String name = entry.path("file").asString();
      String text = Files.readString(vendor.resolve(name));
      // Undo what was changed: the rest is the published file, byte for byte.
      String appended = entry.path("appended").asString("");
      assertThat(text).as(name).endsWith(appended);
      text = text.substring(0, text.length() - appended.length());
      for (JsonNode change : entry.path("replaced")) {
        assertThat(text).as(name).contains(change.path("to").asString());
        text = text.replace(change.path("to").asString(), change.path("from").asString());
      }
      assertThat(
              HexFormat.of()
                  .formatHex(
                      MessageDigest.getInstance("SHA-256")
                          .digest(text.getBytes(StandardCharsets.UTF_8))))
          .as(name + " of " + entry.path("package").asString())
          .isEqualTo(entry.path("sha256").asString());
      assertThat(entry.path("version").asString()).as(name).matches("\\d+\\.\\d+\\.\\d+");
      assertThat(entry.path("license").asString()).as(name).isIn("MIT", "Apache-2.0");
      assertThat(vendor.resolve(entry.path("licenseFile").asString())).as(name).isNotEmptyFile();
      recorded.add(name);
      recorded.add(entry.path("licenseFile").asString());
    }
    try (Stream<Path> files = Files.list(vendor)) {
      assertThat(files.map(file -> String.valueOf(file.getFileName()))).isSubsetOf(recorded);
    }
  }
}
