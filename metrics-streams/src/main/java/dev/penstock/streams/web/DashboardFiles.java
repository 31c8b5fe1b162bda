package dev.penstock.streams.web;

import dev.penstock.streams.query.Problem;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/**
 * The files of the dashboard, from the class path, read and compressed once. They live below a path
 * that holds the hash of all of them, so a browser may keep them for ever; only the page itself is
 * asked for anew each time. Nothing is loaded from elsewhere, and the page runs no script and takes
 * no style but these files. To be registered behind all other routes, because it answers to what is
 * none of them. Thread-safe.
 */
public final class DashboardFiles implements HttpService {
  /** The addresses of the page; it tells itself which screen is meant. */
  static final List<String> PAGES =
      List.of(
          "/",
          "/jobs",
          "/jobs/{id}",
          "/dead-letters",
          "/dead-letters/list",
          "/dead-letters/letters/{id}",
          "/dead-letters/new",
          "/dead-letters/plans",
          "/dead-letters/plans/{id}",
          "/dead-letters/audit",
          "/workers",
          "/providers",
          "/topics");

  /** Names every file, one a line; a directory in a jar can't be listed. */
  static final String INDEX = "files.txt";

  private static final String ROOT = "/dashboard/";
  private static final String PAGE = "index.html";
  private static final String BUILD_MARK = "@BUILD@";
  private static final int HASH_CHARS = 16;

  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "svg", "image/svg+xml",
          "json", "application/json",
          "txt", "text/plain; charset=utf-8");

  private static final List<Header> SAFETY =
      List.of(
          HeaderValues.createCached(
              "Content-Security-Policy",
              "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
                  + " connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none';"
                  + " frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types"
                  + " 'none'"),
          HeaderValues.createCached("X-Content-Type-Options", "nosniff"),
          HeaderValues.createCached("X-Frame-Options", "DENY"),
          HeaderValues.createCached("Referrer-Policy", "no-referrer"),
          HeaderValues.createCached("Cross-Origin-Opener-Policy", "same-origin"),
          HeaderValues.createCached("Cross-Origin-Resource-Policy", "same-origin"),
          HeaderValues.createCached("Vary", "Accept-Encoding"));

  private static final Header KEEP =
      HeaderValues.createCached("Cache-Control", "public, max-age=31536000, immutable");
  private static final Header ASK = HeaderValues.createCached("Cache-Control", "no-cache");

  private final Map<String, Content> files;
  private final Content page;
  private final String build;

  /**
   * A file as it is sent.
   *
   * @param plain for those who take no gzip
   */
  @SuppressWarnings("ArrayRecordComponent") // never handed out
  private record Content(String type, String tag, byte[] plain, byte[] gzipped) {}

  public DashboardFiles() {
    var raw = new LinkedHashMap<String, byte[]>();
    var all = sha256();
    for (String name : names()) {
      byte[] bytes = read(name);
      raw.put(name, bytes);
      all.update(name.getBytes(StandardCharsets.UTF_8));
      all.update(bytes);
    }
    this.build = hash(all);
    var contents = new LinkedHashMap<String, Content>();
    raw.forEach((name, bytes) -> contents.put(name, content(name, bytes)));
    this.files = Map.copyOf(contents);
    String html = new String(read(PAGE), StandardCharsets.UTF_8).replace(BUILD_MARK, build);
    this.page = content(PAGE, html.getBytes(StandardCharsets.UTF_8));
  }

  /** The names of the files besides the page, as the index has them. */
  static List<String> names() {
    return new String(read(INDEX), StandardCharsets.UTF_8)
        .lines()
        .filter(line -> !line.isBlank())
        .toList();
  }

  @Override
  public void routing(HttpRules rules) {
    for (String path : PAGES) {
      rules.get(path, (request, response) -> send(page, ASK, request, response));
      rules.head(path, (request, response) -> send(page, ASK, request, response));
    }
    rules.get("/assets/{build}/*", this::asset);
    rules.head("/assets/{build}/*", this::asset);
    rules.get("/*", this::unknown);
    rules.head("/*", this::unknown);
  }

  /** A person gets the page, which says that there is none; a program a problem. */
  private void unknown(ServerRequest request, ServerResponse response) {
    String path = request.path().rawPath();
    boolean api = path.startsWith("/v1/") || path.startsWith("/internal/");
    if (!api && first(request, HeaderNames.ACCEPT).orElse("").contains("text/html")) {
      response.status(Status.NOT_FOUND_404);
      send(page, ASK, request, response);
      return;
    }
    new Problem(
            404,
            "not_found",
            "Not found",
            "There is nothing at this address. The dashboard is at /, the API at /v1/jobs.")
        .send(response);
  }

  private void asset(ServerRequest request, ServerResponse response) {
    String asked = request.path().pathParameters().get("build");
    String path = request.path().path();
    Content content = files.get(path.substring(path.indexOf(asked) + asked.length() + 1));
    if (content == null) {
      response.status(Status.NOT_FOUND_404);
      response.header(HeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8");
      response.header(HeaderNames.CACHE_CONTROL, "no-store");
      response.send("There is no such file.\n");
      return;
    }
    // A page that another version served asks for that version's files: it gets these, unkept.
    send(content, asked.equals(build) ? KEEP : ASK, request, response);
  }

  private static void send(
      Content content, Header caching, ServerRequest request, ServerResponse response) {
    SAFETY.forEach(response::header);
    response.header(caching);
    response.header(HeaderNames.ETAG, content.tag());
    if (response.status().equals(Status.OK_200)
        && first(request, HeaderNames.IF_NONE_MATCH).filter(content.tag()::equals).isPresent()) {
      response.status(Status.NOT_MODIFIED_304).send();
      return;
    }
    response.header(HeaderNames.CONTENT_TYPE, content.type());
    byte[] body = content.plain();
    if (first(request, HeaderNames.ACCEPT_ENCODING).orElse("").contains("gzip")) {
      response.header(HeaderNames.CONTENT_ENCODING, "gzip");
      body = content.gzipped();
    }
    if (request.prologue().method().equals(Method.HEAD)) {
      // The server does not leave the body out by itself.
      response.header(HeaderNames.CONTENT_LENGTH, String.valueOf(body.length));
      response.send();
    } else {
      response.send(body);
    }
  }

  private static Optional<String> first(ServerRequest request, io.helidon.http.HeaderName name) {
    return request.headers().first(name);
  }

  private static Content content(String name, byte[] bytes) {
    String type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
    if (type == null) {
      throw new IllegalStateException("there is no content type for " + name);
    }
    var digest = sha256();
    digest.update(bytes);
    // Weak, because the same tag stands for both encodings.
    return new Content(type, "W/\"" + hash(digest) + "\"", bytes, gzip(bytes));
  }

  private static byte[] gzip(byte[] bytes) {
    var out = new ByteArrayOutputStream(bytes.length / 2);
    try (var gzip =
        new GZIPOutputStream(out) {
          {
            def.setLevel(Deflater.BEST_COMPRESSION);
          }
        }) {
      gzip.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static byte[] read(String name) {
    try (InputStream in = DashboardFiles.class.getResourceAsStream(ROOT + name)) {
      if (in == null) {
        throw new IllegalStateException(ROOT + name + " is missing from the class path");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static String hash(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest()).substring(0, HASH_CHARS);
  }
}
