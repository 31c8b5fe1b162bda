package dev.penstock.streams.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.config.ConfigException;
import dev.penstock.config.Settings;
import dev.penstock.config.SettingsReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who may change something through the streams port. */
class WriteGuardTest {
  private static final String TOKEN = "twelve-chars-at-least";
  private static final Pattern LENGTH = Pattern.compile("(?i)content-length: (\\d+)");
  private static final String MARK = "Penstock-Dashboard: 1";

  private final FakeStreams open = new FakeStreams(0, "");
  private final FakeStreams guarded = new FakeStreams(0, TOKEN);

  @AfterEach
  void close() {
    open.close();
    guarded.close();
  }

  /** The first line and the body of the answer; by hand, because a browser's headers are needed. */
  private static String ask(
      FakeStreams fake, String method, String path, String host, String... headers)
      throws IOException {
    int port = Integer.parseInt(fake.url().substring(fake.url().lastIndexOf(':') + 1));
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(30_000);
      var request =
          new StringBuilder(
              method
                  + " "
                  + path
                  + " HTTP/1.1\r\nHost: "
                  + host.replace("PORT", "" + port)
                  + "\r\n");
      for (String header : headers) {
        request.append(header.replace("PORT", "" + port)).append("\r\n");
      }
      request.append("Content-Length: 0\r\nConnection: close\r\n\r\n");
      socket.getOutputStream().write(request.toString().getBytes(StandardCharsets.US_ASCII));
      return answer(socket.getInputStream());
    }
  }

  /** As much as the answer says that it has; the connection may stay open. */
  private static String answer(InputStream in) throws IOException {
    var bytes = new ByteArrayOutputStream();
    int end = -1;
    int length = 0;
    while (end < 0 || bytes.size() < end + length) {
      int next = in.read();
      if (next < 0) {
        break;
      }
      bytes.write(next);
      String text = bytes.toString(StandardCharsets.ISO_8859_1);
      if (end < 0 && text.endsWith("\r\n\r\n")) {
        end = bytes.size();
        Matcher found = LENGTH.matcher(text);
        length = found.find() ? Integer.parseInt(found.group(1)) : 0;
      }
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static String cancel(FakeStreams fake, String... headers) throws IOException {
    return ask(fake, "DELETE", "/v1/jobs/" + FakeStreams.id(3), "127.0.0.1:PORT", headers);
  }

  @Test
  void thePageItselfAndProgramsMayWrite() throws Exception {
    assertThat(cancel(open, MARK)).startsWith("HTTP/1.1 202");
    assertThat(cancel(open, MARK, "Origin: http://127.0.0.1:PORT", "Sec-Fetch-Site: same-origin"))
        .startsWith("HTTP/1.1 202");
    assertThat(ask(open, "POST", "/v1/workers/w/drain", "localhost:PORT", MARK))
        .startsWith("HTTP/1.1 202");
    assertThat(open.writes()).hasSize(3);
  }

  @Test
  void otherSitesMayNot() throws Exception {
    for (String[] headers :
        List.of(
            new String[] {MARK, "Origin: https://evil.example"},
            new String[] {MARK, "Origin: null"},
            new String[] {MARK, "Sec-Fetch-Site: cross-site"},
            new String[] {MARK, "Sec-Fetch-Site: same-site"},
            new String[] {MARK, "Origin: http://127.0.0.1:1"})) {
      assertThat(cancel(open, headers)).startsWith("HTTP/1.1 403").contains("cross_origin");
    }
    assertThat(cancel(open)).startsWith("HTTP/1.1 403").contains("header_missing");
    assertThat(cancel(open, "Penstock-Dashboard: 0")).startsWith("HTTP/1.1 403");
    for (String method : List.of("POST", "PUT", "PATCH")) {
      assertThat(
              ask(
                  open,
                  method,
                  "/v1/jobs/actions",
                  "127.0.0.1:PORT",
                  "Origin: http://evil.example"))
          .as(method)
          .startsWith("HTTP/1.1 403");
    }
    assertThat(open.writes()).isEmpty();
  }

  @Test
  void aSiteWhoseNameWasMadeToPointHereMayNot() throws Exception {
    String rebound =
        ask(
            open,
            "POST",
            "/v1/jobs",
            "evil.example:PORT",
            MARK,
            "Origin: http://evil.example:PORT");
    assertThat(rebound)
        .startsWith("HTTP/1.1 403")
        .contains("unknown_host", "streams.dashboard-hosts");
    assertThat(
            ask(guarded, "POST", "/v1/jobs", "ops.example", MARK, "Authorization: Bearer " + TOKEN))
        .startsWith("HTTP/1.1 202");
  }

  @Test
  void theTokenIsNeededWhereOneIsSet() throws Exception {
    assertThat(cancel(guarded, MARK))
        .startsWith("HTTP/1.1 401")
        .contains("token_required", "WWW-Authenticate: Bearer");
    assertThat(cancel(guarded, MARK, "Authorization: Basic " + TOKEN)).contains("token_required");
    assertThat(cancel(guarded, MARK, "Authorization: Bearer " + TOKEN + "x"))
        .startsWith("HTTP/1.1 401")
        .contains("token_refused");
    assertThat(cancel(guarded, MARK, "Authorization: bearer " + TOKEN)).startsWith("HTTP/1.1 202");
    assertThat(guarded.writes()).hasSize(1);
  }

  @Test
  void readsNeedNothingAndBrowsersNothingInternal() throws Exception {
    assertThat(
            ask(guarded, "GET", "/v1/workers", "anything.example", "Origin: http://evil.example"))
        .startsWith("HTTP/1.1 200");
    assertThat(
            ask(open, "POST", "/internal/v1/x", "127.0.0.1:PORT", "Origin: http://127.0.0.1:PORT"))
        .startsWith("HTTP/1.1 403");
    assertThat(ask(open, "POST", "/internal/v1/x", "127.0.0.1:PORT")).startsWith("HTTP/1.1 404");
  }

  @Test
  void noPathLeadsAroundTheToken() throws Exception {
    for (String path :
        List.of(
            "/internal/v1/workers/w/drain",
            "/internal/../v1/jobs",
            "/internal/%2e%2e/v1/jobs",
            "/internal/v1/../../v1/jobs")) {
      assertThat(ask(guarded, "POST", path, "127.0.0.1:PORT"))
          .as(path)
          .containsPattern("HTTP/1.1 (40[0134]) ")
          .doesNotContain("HTTP/1.1 202");
    }
    assertThat(ask(guarded, "POST", "/internal/v1/workers/w/drain", "127.0.0.1:PORT"))
        .contains("token_required");
    assertThat(guarded.writes()).isEmpty();
    assertThat(
            ask(
                guarded,
                "POST",
                "/internal/v1/x",
                "127.0.0.1:PORT",
                "Authorization: Bearer " + TOKEN))
        .startsWith("HTTP/1.1 404");
  }

  @Test
  void aTokenThatIsTooShortOrCannotBeSentIsRefusedAndNeverShown() {
    for (String token : List.of("short", "with spaces in it all", "käse-und-brot-für-alle")) {
      SettingsReader reader = Settings.of(Map.of("streams.dashboard-token", token)).reader();
      DashboardConfig config = DashboardConfig.read(reader);
      assertThatThrownBy(() -> reader.build(() -> config))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("streams.dashboard-token")
          .hasMessageNotContaining(token);
      assertThat(config.toString()).doesNotContain(token);
    }
    SettingsReader reader =
        Settings.of(Map.of("streams.dashboard-hosts", "ops.example, OPS2.example")).reader();
    assertThat(DashboardConfig.read(reader).hosts())
        .containsExactlyInAnyOrder("ops.example", "ops2.example");
  }
}
