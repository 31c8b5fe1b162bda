package dev.penstock.http;

import dev.penstock.job.Failure;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobKind;
import dev.penstock.job.Usage;
import dev.penstock.provider.CallNames;
import dev.penstock.provider.CallReport;
import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderCall;
import dev.penstock.provider.ProviderResult;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/**
 * A provider behind HTTP. One call is one request; only when the provider does not take a key, and
 * has another one, the same request goes out again with that. Every answer, and every failure to
 * get one, becomes a value here.
 */
final class HttpProvider implements Provider {
  private static final Logger log = LoggerFactory.getLogger(HttpProvider.class);
  private static final List<String> REQUEST_IDS =
      List.of("x-request-id", "request-id", "apim-request-id", "x-ms-request-id");

  private final String name;
  private final Dialect dialect;
  private final Connection connection;
  private final KeyRing keys;
  private final SharedClient shared;
  private final AtomicBoolean closed = new AtomicBoolean();

  HttpProvider(String name, Dialect dialect, Connection connection, KeyRing keys) {
    this.name = name;
    this.dialect = dialect;
    this.connection = connection;
    this.keys = keys;
    this.shared = SharedClient.share();
  }

  /**
   * How the API is reached.
   *
   * @param idle how long a stream may be silent
   */
  record Connection(Endpoint endpoint, int maxResponseBytes, Duration idle, InstantSource clock) {}

  /** A call on its way: what is said, with which key, for which job. */
  @SuppressWarnings("ArrayRecordComponent") // neither compared nor changed
  private record Sent(ProviderCall call, Request request, byte[] body, KeyRing.@Nullable Key key) {
    JobInput input() {
      return call.input();
    }

    String redacted(String message) {
      return Redaction.of(message, key == null ? null : key.secret().reveal(), call.input());
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Set<JobKind> kinds() {
    return dialect.kinds();
  }

  @Override
  public CallNames names(ProviderCall call) {
    String operation = call.input().kind() == JobKind.EMBED ? CallNames.EMBEDDINGS : CallNames.CHAT;
    return new CallNames(dialect.vendor(), operation, dialect.model(call));
  }

  @Override
  public ProviderResult call(ProviderCall call) throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    JobKind kind = call.input().kind();
    if (!dialect.kinds().contains(kind)) {
      return failed(
          new Failure.NoProvider("the provider " + name + " does not do " + kind.wireName()));
    }
    String model = dialect.model(call);
    if (model.isBlank()) {
      return failed(
          new Failure.NoProvider(
              "neither the job nor the settings of "
                  + name
                  + " name a model for "
                  + kind.wireName()
                  + "; ask for "
                  + name
                  + ":MODEL"));
    }
    if (!call.timeout().isPositive()) {
      return failed(new Failure.TimedOut("the call to " + name + " had no time left"));
    }
    Request request = dialect.request(call, model);
    byte[] body = Wire.bytes(request.body());
    Optional<KeyRing.Key> key = keys.next();
    for (int tried = 1; ; tried++) {
      var sent = new Sent(call, request, body, key.orElse(null));
      ProviderResult result = send(sent);
      boolean refused =
          result instanceof ProviderResult.Failed(Failure failure, _)
              && failure instanceof Failure.Authentication
              && key.isPresent();
      if (!refused) {
        return result;
      }
      if (keys.refuse(key.get()) && keys.size() > 1) {
        log.warn(
            "{} does not take the key {}; it rests, and the others serve; mend it or take it out of"
                + " worker.provider.{}.api-keys",
            name,
            key.get().label(),
            name);
      }
      key = keys.awake();
      if (key.isEmpty() || tried >= keys.size()) {
        return result;
      }
    }
  }

  private ProviderResult send(Sent sent) throws InterruptedException {
    HttpRequest request = httpRequest(sent);
    connection.endpoint().check(request.uri());
    HttpResponse<Body> response;
    try {
      response =
          shared
              .client()
              .send(
                  request, Body.handler(sent.request().streamed(), connection.maxResponseBytes()));
    } catch (IOException e) {
      return failed(lost(e, sent, "before it answered"));
    }
    RateLimits limits = RateLimits.read(response.headers(), connection.clock().instant());
    var came = new Came(response.statusCode(), response.headers(), limits);
    return switch (response.body()) {
      case Body.Whole whole -> whole(sent, came, whole);
      case ByteStream stream -> streamed(sent, came, stream);
    };
  }

  /** What stands before the body. */
  private record Came(int status, HttpHeaders headers, RateLimits limits) {
    CallReport report(@Nullable String model, Usage usage, @Nullable String otherRequestId) {
      String requestId =
          REQUEST_IDS.stream()
              .flatMap(name -> headers.firstValue(name).stream())
              .findFirst()
              .orElse(otherRequestId);
      return new CallReport(model, requestId, usage, limits.requests(), limits.tokens());
    }

    CallReport report() {
      return report(null, Usage.NONE, null);
    }

    String mediaType() {
      String type = Body.mediaType(headers);
      return type.isEmpty() ? "no content type" : type;
    }
  }

  private HttpRequest httpRequest(Sent sent) {
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(connection.endpoint().at(sent.request().path()))
            .header("content-type", "application/json")
            .header("accept", sent.request().streamed() ? "text/event-stream" : "application/json")
            .header("user-agent", "penstock")
            .timeout(sent.call().timeout())
            .POST(BodyPublishers.ofByteArray(sent.body()));
    for (Header header : sent.request().headers()) {
      builder.header(header.name(), header.value());
    }
    if (sent.call().traceparent() != null) {
      builder.header("traceparent", sent.call().traceparent());
    }
    if (sent.key() != null) {
      Header key = dialect.key(sent.key().secret().reveal());
      builder.header(key.name(), key.value());
    }
    return builder.build();
  }

  private ProviderResult whole(Sent sent, Came came, Body.Whole body) {
    if (came.status() < 200 || came.status() >= 300) {
      return refused(sent, came, body);
    }
    if (body.tooLarge()) {
      return new ProviderResult.Failed(tooLarge(), came.report());
    }
    if (!came.mediaType().endsWith("json")) {
      return malformed(
          "is "
              + came.mediaType()
              + " of "
              + body.bytes().length
              + " bytes where JSON was expected; is base-url the API's?",
          sent,
          came);
    }
    try {
      return result(sent, came, dialect.reply(sent.input(), Wire.read(body.bytes())));
    } catch (JacksonException e) {
      return malformed(
          "is " + body.bytes().length + " bytes that are not JSON" + where(e), sent, came);
    }
  }

  private ProviderResult streamed(Sent sent, Came came, ByteStream stream)
      throws InterruptedException {
    var reader = new SseReader(stream, connection.maxResponseBytes(), connection.idle());
    StreamedReply reply = dialect.streamed(sent.input(), sent.call().progress());
    boolean ended = false;
    try {
      ServerSentEvent event = reader.next();
      while (event != null && !ended) {
        ended = reply.event(event);
        if (!ended) {
          event = reader.next();
        }
      }
      return result(sent, came, reply.end());
    } catch (SseReader.TooLargeException _) {
      return new ProviderResult.Failed(tooLarge(), came.report());
    } catch (JacksonException e) {
      return malformed("has an event that is not JSON" + where(e), sent, came);
    } catch (IOException e) {
      return new ProviderResult.Failed(lost(e, sent, "within its answer"), came.report());
    } finally {
      if (ended) {
        stream.drain();
      } else {
        stream.cancel();
      }
    }
  }

  private ProviderResult result(Sent sent, Came came, Reply reply) {
    return switch (reply) {
      case Reply.Written written ->
          Answers.of(
              sent.input(), written, name, came.report(written.model(), written.usage(), null));
      case Reply.Vector vector ->
          Answers.of(sent.input(), vector, name, came.report(vector.model(), vector.usage(), null));
      case Reply.Errored(String model, Usage usage, ErrorBody error) ->
          new ProviderResult.Failed(
              ErrorRules.failure(
                  0, error, said(sent, "within its answer", error), came.limits().retryAfter()),
              came.report(model, usage, error.requestId()));
      case Reply.Malformed(String what) -> malformed(what, sent, came);
    };
  }

  private ProviderResult refused(Sent sent, Came came, Body.Whole body) {
    ErrorBody error = body.tooLarge() ? ErrorBody.NOTHING : ErrorBody.of(body.bytes());
    String message =
        error.equals(ErrorBody.NOTHING)
            ? name
                + " answered "
                + came.status()
                + " with "
                + came.mediaType()
                + (body.tooLarge()
                    ? " of more than " + connection.maxResponseBytes()
                    : " of " + body.bytes().length)
                + " bytes"
            : said(sent, String.valueOf(came.status()), error);
    if (came.status() >= 300 && came.status() < 400) {
      message += "; redirects are not followed, set base-url to where the API is";
    }
    Duration retryAfter =
        came.status() == 429 ? came.limits().waitWhenThrottled() : came.limits().retryAfter();
    return new ProviderResult.Failed(
        ErrorRules.failure(came.status(), error, message, retryAfter),
        came.report(null, Usage.NONE, error.requestId()));
  }

  /** What the provider said, and, where it is about the key, which of them it was. */
  private String said(Sent sent, String how, ErrorBody error) {
    var message = new StringBuilder(name).append(" answered ").append(how);
    if (!error.codes().isEmpty()) {
      message.append(" ").append(String.join(", ", error.codes()));
    }
    if (error.message() != null) {
      message.append(": ").append(error.message());
    }
    String redacted = sent.redacted(message.toString());
    return sent.key() == null ? redacted : redacted + " (key: " + sent.key().label() + ")";
  }

  private ProviderResult malformed(String what, Sent sent, Came came) {
    return new ProviderResult.Failed(
        new Failure.Retryable(
            "the answer of " + name + " (" + came.status() + ") " + sent.redacted(what)),
        came.report());
  }

  private Failure tooLarge() {
    return new Failure.OutputTooLarge(
        "the answer of "
            + name
            + " has more than "
            + connection.maxResponseBytes()
            + " bytes (max-response-bytes)");
  }

  private static String where(JacksonException e) {
    return e.getLocation() == null
        ? ""
        : " at line " + e.getLocation().getLineNr() + ", column " + e.getLocation().getColumnNr();
  }

  private Failure lost(IOException e, Sent sent, String when) {
    String host = connection.endpoint().host();
    return switch (e) {
      case HttpConnectTimeoutException _ ->
          new Failure.Retryable(
              "no connection to " + host + " within " + SharedClient.CONNECT_TIMEOUT);
      case HttpTimeoutException _ ->
          new Failure.TimedOut(
              host
                  + " did not answer within "
                  + (when.startsWith("before") ? sent.call().timeout() : connection.idle()));
      case ConnectException _ ->
          new Failure.Retryable("no connection to " + host + ": " + cause(e, sent));
      case SSLException _ ->
          new Failure.Retryable("no secure connection to " + host + ": " + cause(e, sent));
      default ->
          new Failure.Retryable(
              "the connection to " + host + " was lost " + when + ": " + cause(e, sent));
    };
  }

  /** The innermost that has something to say. */
  private static String cause(IOException e, Sent sent) {
    String said = e.getClass().getSimpleName();
    Throwable at = e;
    for (int depth = 0; at != null && depth < 5; depth++) {
      if (at.getMessage() != null) {
        said = at.getMessage();
      } else if (depth > 0) {
        said = at.getClass().getSimpleName();
      }
      at = at.getCause();
    }
    return sent.redacted(said);
  }

  private static ProviderResult failed(Failure failure) {
    return new ProviderResult.Failed(failure, CallReport.NONE);
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      shared.close();
    }
  }

  @Override
  public String toString() {
    return "HttpProvider[" + name + " at " + connection.endpoint().host() + "]";
  }
}
