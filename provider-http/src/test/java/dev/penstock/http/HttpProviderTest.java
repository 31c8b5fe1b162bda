package dev.penstock.http;

import static dev.penstock.http.Calls.GENERATE;
import static dev.penstock.http.Calls.TEXT;
import static dev.penstock.http.Calls.call;
import static dev.penstock.http.Calls.failed;
import static dev.penstock.http.Calls.failure;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.penstock.http.openai.OpenAiProviderFactory;
import dev.penstock.job.Failure;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobKind;
import dev.penstock.job.JobOutput;
import dev.penstock.job.Usage;
import dev.penstock.provider.CallReport;
import dev.penstock.provider.Progress;
import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderCall;
import dev.penstock.provider.ProviderResult;
import dev.penstock.provider.Quota;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What servers do that they should not, and what becomes of it. */
final class HttpProviderTest {
  private static final String COMPLETION =
      "{\"model\":\"m-1\",\"choices\":[{\"message\":{\"content\":\"Yes.\"},\"finish_reason\":\"stop\"}],"
          + "\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":7,"
          + "\"prompt_tokens_details\":{\"cached_tokens\":16}}}";
  private static final String PIECE =
      "data: {\"choices\":[{\"delta\":{\"content\":\"Yes\"},\"finish_reason\":null}]}";
  private static final String LAST =
      "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}";

  @Test
  void anAnswerCarriesWhatTheProviderTold() throws InterruptedException {
    try (var server =
            TinyServer.start(
                TinyServer.json(
                    200,
                    COMPLETION,
                    "x-request-id: req_7",
                    "x-ratelimit-limit-requests: 60",
                    "x-ratelimit-reset-tokens: 6m0s"));
        Provider provider = whole(server)) {
      assertThat(Calls.answered(provider, GENERATE))
          .isEqualTo(
              new ProviderResult.Answered(
                  new JobOutput.Text("Yes."),
                  new CallReport(
                      "m-1",
                      "req_7",
                      new Usage(20, 7, 16),
                      new Quota(60L, null, null),
                      new Quota(null, null, Duration.ofMinutes(6)))));
    }
  }

  @Test
  void theApiIsToldTheTraceOnlyWhereTheCallIsToTellIt() throws InterruptedException {
    String context = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    try (var server = TinyServer.start(TinyServer.json(200, COMPLETION));
        Provider provider = whole(server)) {
      provider.call(call(GENERATE));
      provider.call(call(GENERATE).within(context));
      assertThat(server.asked())
          .extracting(asked -> asked.header("traceparent"))
          .containsExactly("", context);
      assertThat(provider.names(call(GENERATE)).operation()).isEqualTo("chat");
      assertThat(provider.names(call(GENERATE)).model()).isNotEmpty();
    }
  }

  @Test
  void theSameAttemptHasTheSameIdempotencyKey() throws InterruptedException {
    try (var server = TinyServer.start(TinyServer.json(200, COMPLETION));
        Provider provider = whole(server);
        Provider without =
            provider(server, Map.of("stream", "false", "idempotency-key", "false"))) {
      provider.call(call(GENERATE));
      provider.call(call(GENERATE));
      without.call(call(GENERATE));
      assertThat(server.asked())
          .extracting(asked -> asked.header("idempotency-key"))
          .containsExactly(call(GENERATE).idempotencyKey(), call(GENERATE).idempotencyKey(), "");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "",
        "[]",
        "null",
        "{}",
        "{\"choices\":[]}",
        "{\"choices\":[{\"message\":{\"content\":\"Yes.\"}}]}",
        "{\"choices\":[{\"message\":{\"content\":null},\"finish_reason\":\"stop\"}]}",
        "{\"choices\":{\"0\":1}}"
      })
  void jsonThatIsNoAnswerCanPass(String body) throws InterruptedException {
    try (var server = TinyServer.start(TinyServer.json(200, body));
        Provider provider = whole(server)) {
      assertThat(failure(provider, GENERATE))
          .isInstanceOfSatisfying(
              Failure.Retryable.class,
              failure -> assertThat(failure.message()).startsWith("the answer of wire"));
    }
  }

  @Test
  void anotherContentTypeIsNamedAndNotShown() throws InterruptedException {
    try (var server =
            TinyServer.start(TinyServer.whole(200, "text/html; charset=utf-8", "<html>Ishmael"));
        Provider provider = whole(server)) {
      assertThat(failure(provider, GENERATE))
          .isInstanceOf(Failure.Retryable.class)
          .extracting(Failure::message)
          .asString()
          .contains("text/html", "13 bytes")
          .doesNotContain("Ishmael");
    }
  }

  @Test
  void aBodyBeyondTheBoundIsNotReadToItsEnd() throws InterruptedException {
    TinyServer.Script endless =
        (_, out) -> {
          TinyServer.head(out, 200, "application/json", "transfer-encoding: chunked");
          while (true) {
            TinyServer.chunk(out, "\"".repeat(1_000));
          }
        };
    try (var server = TinyServer.start(endless);
        Provider provider =
            provider(server, Map.of("stream", "false", "max-response-bytes", "5000"))) {
      assertThat(failure(provider, GENERATE)).isInstanceOf(Failure.OutputTooLarge.class);
    }
  }

  @Test
  void aStreamBeyondTheBoundIsNotReadToItsEnd() throws InterruptedException {
    TinyServer.Script endless =
        (_, out) -> {
          TinyServer.head(out, 200, "text/event-stream", "transfer-encoding: chunked");
          while (true) {
            TinyServer.chunk(out, PIECE + "\n\n");
          }
        };
    try (var server = TinyServer.start(endless);
        Provider provider = provider(server, Map.of("max-response-bytes", "5000"))) {
      assertThat(failure(provider, GENERATE)).isInstanceOf(Failure.OutputTooLarge.class);
    }
  }

  @Test
  void anErrorWithAnEndlessBodyIsToldByItsStatus() throws InterruptedException {
    TinyServer.Script endless =
        (_, out) -> {
          TinyServer.head(out, 503, "text/html", "transfer-encoding: chunked");
          while (true) {
            TinyServer.chunk(out, "<".repeat(1_000));
          }
        };
    try (var server = TinyServer.start(endless);
        Provider provider = provider(server, Map.of("max-response-bytes", "5000"))) {
      assertThat(failure(provider, GENERATE)).isInstanceOf(Failure.Overloaded.class);
    }
  }

  @Test
  void aTruncatedBodyCanPass() throws InterruptedException {
    TinyServer.Script truncated =
        (asked, out) -> {
          TinyServer.head(out, 200, "application/json", "content-length: 500");
          out.write(COMPLETION.substring(0, 50).getBytes(java.nio.charset.StandardCharsets.UTF_8));
          asked.socket().close();
        };
    try (var server = TinyServer.start(truncated);
        Provider provider = whole(server)) {
      assertThat(failure(provider, GENERATE)).isInstanceOf(Failure.Retryable.class);
    }
  }

  @Test
  void aResetConnectionCanPass() throws InterruptedException {
    TinyServer.Script reset =
        (asked, _) -> {
          asked.socket().setSoLinger(true, 0);
          asked.socket().close();
        };
    try (var server = TinyServer.start(reset);
        Provider provider = whole(server)) {
      assertThat(failure(provider, GENERATE))
          .isInstanceOf(Failure.Retryable.class)
          .extracting(Failure::message)
          .asString()
          .contains("127.0.0.1");
    }
  }

  @Test
  void noServerCanPass() throws IOException, InterruptedException {
    // Held, but not listened on: nobody else can come to listen there.
    try (var held = held();
        Provider provider =
            new OpenAiProviderFactory()
                .create(
                    "wire",
                    Map.of("base-url", "http://127.0.0.1:" + held.getLocalPort(), "model", "m"))) {
      assertThat(failure(provider, GENERATE))
          .isInstanceOfSatisfying(
              Failure.Retryable.class,
              failure -> assertThat(failure.message()).startsWith("no connection to 127.0.0.1:"));
    }
  }

  private static Socket held() throws IOException {
    var held = new Socket();
    held.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    return held;
  }

  @Test
  void aRedirectIsNotFollowed() throws InterruptedException {
    try (var elsewhere = TinyServer.start(TinyServer.json(200, COMPLETION));
        var server =
            TinyServer.start(
                TinyServer.whole(307, "text/html", "", "location: " + elsewhere.url()));
        Provider provider = provider(server, Map.of("api-key", "key-for-one-host"))) {
      assertThat(failure(provider, GENERATE).message()).contains("redirects are not followed");
      assertThat(elsewhere.asked()).isEmpty();
    }
  }

  @Test
  void aStreamIsToldAsItComesAndItsConnectionUsedAgain() throws InterruptedException {
    var told = new ArrayList<String>();
    try (var server =
            TinyServer.start(
                TinyServer.events(
                    List.of(
                        PIECE,
                        PIECE.replace("Yes", ", yes"),
                        LAST,
                        "data: {\"choices\":[],\"model\":\"m-1\",\"usage\":{\"prompt_tokens\":3,"
                            + "\"completion_tokens\":2}}",
                        "data: [DONE]")));
        Provider provider = provider(server, Map.of())) {
      ProviderCall call = call(GENERATE, (added, chars) -> told.add(added + chars));
      assertThat(provider.call(call))
          .isInstanceOfSatisfying(
              ProviderResult.Answered.class,
              answered -> {
                assertThat(answered.output()).isEqualTo(new JobOutput.Text("Yes, yes"));
                assertThat(answered.report().usage()).isEqualTo(new Usage(3, 2, 0));
                assertThat(answered.report().model()).isEqualTo("m-1");
              });
      assertThat(told).containsExactly("Yes3", ", yes8");
      provider.call(call);
      assertThat(server.asked()).extracting(TinyServer.Asked::socket).hasSize(2);
    }
  }

  /** Ended by the protocol of HTTP, but not by that of the API. */
  @Test
  void aStreamThatEndsEarlyIsNoAnswer() throws InterruptedException {
    for (List<String> events : List.of(List.<String>of(), List.of(PIECE), List.of(PIECE, LAST))) {
      try (var server = TinyServer.start(TinyServer.events(events));
          Provider provider = provider(server, Map.of())) {
        assertThat(failure(provider, GENERATE))
            .isInstanceOfSatisfying(
                Failure.Retryable.class,
                failure -> assertThat(failure.message()).contains("was cut"));
      }
    }
  }

  @Test
  void aStreamWhoseConnectionIsLostIsNoAnswer() throws InterruptedException {
    TinyServer.Script cut =
        (asked, out) -> {
          TinyServer.head(out, 200, "text/event-stream", "transfer-encoding: chunked");
          TinyServer.chunk(out, PIECE + "\n\n" + LAST + "\n\n");
          asked.socket().close();
        };
    try (var server = TinyServer.start(cut);
        Provider provider = provider(server, Map.of())) {
      assertThat(failure(provider, GENERATE))
          .isInstanceOfSatisfying(
              Failure.Retryable.class,
              failure -> assertThat(failure.message()).contains("was lost within its answer"));
    }
  }

  @Test
  void anErrorWithinAStreamIsClassifiedAsAnyOther() throws InterruptedException {
    try (var server =
            TinyServer.start(
                TinyServer.events(
                    List.of(
                        PIECE,
                        "data:"
                            + " {\"error\":{\"type\":\"server_error\",\"code\":\"rate_limit_exceeded\","
                            + "\"message\":\"slower\"}}"),
                    "retry-after: 3"));
        Provider provider = provider(server, Map.of())) {
      assertThat(failure(provider, GENERATE))
          .isInstanceOfSatisfying(
              Failure.Throttled.class,
              failure -> {
                assertThat(failure.retryAfter()).hasSeconds(3);
                assertThat(failure.message()).contains("slower");
              });
    }
  }

  @Test
  void eventsThatAreNotJsonCanPass() throws InterruptedException {
    try (var server = TinyServer.start(TinyServer.events(List.of("data: {\"choices\":")));
        Provider provider = provider(server, Map.of())) {
      assertThat(failure(provider, GENERATE)).isInstanceOf(Failure.Retryable.class);
    }
  }

  @Test
  void aSilentStreamTimesOut() throws InterruptedException {
    TinyServer.Script silent =
        (_, out) -> {
          TinyServer.head(out, 200, "text/event-stream", "transfer-encoding: chunked");
          TinyServer.chunk(out, PIECE + "\n\n");
          Thread.sleep(Long.MAX_VALUE);
        };
    try (var server = TinyServer.start(silent);
        Provider provider = provider(server, Map.of("stream-idle-timeout", "20ms"))) {
      assertThat(failure(provider, GENERATE)).isInstanceOf(Failure.TimedOut.class);
    }
  }

  @Test
  void anInterruptWithinAStreamClosesTheConnection() throws InterruptedException {
    anInterruptClosesTheConnection((_, out) -> {
      TinyServer.head(out, 200, "text/event-stream", "transfer-encoding: chunked");
      TinyServer.chunk(out, PIECE + "\n\n");
    });
  }

  @Test
  void anInterruptBeforeTheAnswerClosesTheConnection() throws InterruptedException {
    anInterruptClosesTheConnection((_, _) -> {});
  }

  private static void anInterruptClosesTheConnection(TinyServer.Script beginning)
      throws InterruptedException {
    var begun = new CountDownLatch(1);
    var closed = new CountDownLatch(1);
    TinyServer.Script script =
        (asked, out) -> {
          beginning.answer(asked, out);
          out.flush();
          begun.countDown();
          try {
            if (asked.socket().getInputStream().read() < 0) {
              closed.countDown();
            }
          } catch (IOException _) {
            closed.countDown();
          }
        };
    try (var server = TinyServer.start(script);
        Provider provider = provider(server, Map.of())) {
      var interrupted = new CountDownLatch(1);
      Thread caller =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  provider.call(call(GENERATE));
                } catch (InterruptedException _) {
                  interrupted.countDown();
                }
              });
      begun.await();
      await().atMost(Duration.ofMinutes(1)).until(() -> caller.getState() != Thread.State.RUNNABLE);
      caller.interrupt();
      interrupted.await();
      closed.await();
    }
  }

  @Test
  void aKeyThatIsEchoedBackIsRedacted() throws InterruptedException {
    String key = "0ddly.shaped~key";
    TinyServer.Script echo =
        (asked, out) ->
            TinyServer.json(
                    400,
                    Wire.line(
                        Wire.object()
                            .set(
                                "error",
                                Wire.object()
                                    .put("code", "x-" + key)
                                    .put(
                                        "message",
                                        "you sent "
                                            + asked.header("authorization")
                                            + " and: "
                                            + TEXT))))
                .answer(asked, out);
    try (var server = TinyServer.start(echo);
        Provider provider = provider(server, Map.of("api-key", key))) {
      ProviderResult.Failed failed = failed(provider, GENERATE);
      assertThat(server.asked().getFirst().header("authorization")).isEqualTo("Bearer " + key);
      assertThat(failed.toString()).doesNotContain(key).doesNotContain("Ishmael");
      assertThat(provider.toString()).doesNotContain(key);
      assertThat(failed.failure().message()).contains("you sent ***");
    }
  }

  @Test
  void aRefusedKeyIsNamedAndAnotherServes() throws InterruptedException {
    TinyServer.Script choosy =
        (asked, out) ->
            (asked.header("authorization").endsWith("good")
                    ? TinyServer.json(200, COMPLETION)
                    : TinyServer.json(401, "{\"error\":{\"code\":\"invalid_api_key\"}}"))
                .answer(asked, out);
    try (var server = TinyServer.start(choosy);
        Provider provider = withKeys(server, "env:BAD,env:GOOD");
        Provider hopeless = withKeys(server, "env:BAD")) {
      for (int i = 0; i < 3; i++) {
        Calls.answered(provider, GENERATE);
      }
      assertThat(server.asked()).as("the bad key is tried once").hasSize(4);
      assertThat(failure(hopeless, GENERATE))
          .isInstanceOfSatisfying(
              Failure.Authentication.class,
              failure -> assertThat(failure.message()).contains("env:BAD"));
    }
  }

  @Test
  void theUsualVariableIsNotReadForAnotherHost() throws InterruptedException {
    try (var server = TinyServer.start(TinyServer.json(200, COMPLETION));
        Provider provider = withKeys(server, "")) {
      Calls.answered(provider, GENERATE);
      assertThat(server.asked().getFirst().header("authorization")).isEmpty();
    }
  }

  @Test
  void withoutAModelNoCallIsMade() throws InterruptedException {
    try (var server = TinyServer.start(TinyServer.json(200, COMPLETION));
        Provider provider = whole(server)) {
      assertThat(failure(provider, new JobInput.Embed("x"))).isInstanceOf(Failure.NoProvider.class);
      assertThat(server.asked()).isEmpty();
    }
  }

  @Test
  void everyWrongSettingIsToldAtOnceAndNoSecretWithThem() {
    var settings = new HashMap<String, String>();
    settings.put("base-url", "https://host");
    settings.put("api-key", "a secret");
    settings.put("max-response-bytes", "1");
    settings.put("api", "soap");
    settings.put("stream", "maybe");
    assertThatThrownBy(() -> new OpenAiProviderFactory().create("wire", settings))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("max-response-bytes", "soap", "maybe")
        .hasMessageNotContaining("a secret");
  }

  private static Provider whole(TinyServer server) {
    return provider(server, Map.of("stream", "false"));
  }

  private static Provider provider(TinyServer server, Map<String, String> more) {
    return new OpenAiProviderFactory().create("wire", settings(server, more));
  }

  private static Provider withKeys(TinyServer server, String keys) {
    var around =
        new HttpProviders.Surroundings(
            Map.of("BAD", "bad", "GOOD", "good", "USUAL", "usual"),
            System::nanoTime,
            java.time.InstantSource.system());
    return HttpProviders.create(
        "wire",
        settings(server, Map.of("stream", "false", "api-keys", keys)),
        new HttpProviders.Protocol(
            "https://usual.example", "USUAL", Set.of(), (_, _) -> new PlainDialect()),
        around);
  }

  private static Map<String, String> settings(TinyServer server, Map<String, String> more) {
    var settings = new HashMap<>(more);
    settings.put("base-url", server.url());
    settings.put("model", "m");
    return settings;
  }

  /** Nothing but what calls need. */
  private static final class PlainDialect implements Dialect {
    @Override
    public String vendor() {
      return "plain";
    }

    @Override
    public Set<JobKind> kinds() {
      return Set.of(JobKind.GENERATE);
    }

    @Override
    public String model(ProviderCall call) {
      return "m";
    }

    @Override
    public Request request(ProviderCall call, String model) {
      return new Request("/plain", List.of(), Wire.object(), false);
    }

    @Override
    public Header key(String key) {
      return new Header("authorization", "Bearer " + key);
    }

    @Override
    public Reply reply(JobInput input, JsonNode body) {
      return new Reply.Written("m", Usage.NONE, Reply.End.COMPLETE, "Yes.");
    }

    @Override
    public StreamedReply streamed(JobInput input, Progress progress) {
      throw new AssertionError("nothing is streamed");
    }
  }
}
