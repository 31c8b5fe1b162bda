package dev.penstock.fake;

import dev.penstock.codec.Json;
import dev.penstock.fake.Delivery.End;
import dev.penstock.fake.Misbehaviour.RetryAfterForm;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The way of a call: key, request, script, limits, answer. Thread-safe; a call is served on the
 * thread of its connection.
 */
final class Calls {
  private static final int MAX_KEYS = 10_000;
  private static final Duration DEFAULT_RESET = Duration.ofSeconds(1);

  private final Set<String> keys;
  private final Limits ownLimits;
  private final Ticker ticker;
  private final Ledger ledger;
  private volatile State state;

  /** What a script is at work with. */
  private record State(ScriptRun run, Limits limits, Map<String, KeyLimits> byKey) {}

  Calls(Set<String> keys, Limits ownLimits, Script script, Ticker ticker, Ledger ledger) {
    this.keys = Set.copyOf(keys);
    this.ownLimits = ownLimits;
    this.ticker = ticker;
    this.ledger = ledger;
    this.state = new State(run(script), limitsOf(script), new ConcurrentHashMap<>());
  }

  /** Behaves as another script says from now on. Limits that stay the same are not refilled. */
  synchronized void script(Script script) {
    Limits limits = limitsOf(script);
    Map<String, KeyLimits> byKey =
        limits.equals(state.limits()) ? state.byKey() : new ConcurrentHashMap<>();
    state = new State(run(script), limits, byKey);
  }

  Script script() {
    return state.run().script();
  }

  Limits limits() {
    return state.limits();
  }

  private ScriptRun run(Script script) {
    return new ScriptRun(script, ticker.nanos());
  }

  private Limits limitsOf(Script script) {
    return script.limits() == null ? ownLimits : script.limits();
  }

  /** Whether a key is one of ours; with none configured each is. */
  boolean knows(String key) {
    return keys.isEmpty() ? !key.isEmpty() : keys.contains(key);
  }

  /**
   * Serves one call.
   *
   * @return whether the connection can serve another
   */
  boolean serve(Operation operation, Request request, Connection connection)
      throws IOException, InterruptedException {
    return new Call(operation, request, connection, state).serve();
  }

  /** One call on its way. */
  private final class Call {
    private final Operation operation;
    private final Protocol protocol;
    private final Request request;
    private final Connection connection;
    private final State state;
    private final long arrivedNanos = ticker.nanos();
    private final Instant arrived = ticker.now();
    private final String key;
    private final long number;
    private final String requestId;
    private @Nullable Asked asked;
    private int inputTokens;
    private int outputTokens;

    Call(Operation operation, Request request, Connection connection, State state) {
      this.operation = operation;
      this.protocol = operation.protocol();
      this.request = request;
      this.connection = connection;
      this.state = state;
      this.key = hash(protocol.keyOf(request));
      this.number = ledger.came(key, idempotencyKey(), arrivedNanos);
      this.requestId =
          protocol.requestId(Mix.of(state.run().script().seed(), number, arrivedNanos));
    }

    boolean serve() throws IOException, InterruptedException {
      String presented = protocol.keyOf(request);
      if (!knows(presented)) {
        return refuse(
            "unauthenticated",
            presented.isEmpty() ? protocol.noKey() : protocol.wrongKey(presented));
      }
      Asked read;
      try {
        read = operation.read(request, body());
        if (!state.run().script().models().isEmpty()
            && !state.run().script().models().contains(read.model())) {
          throw new ApiException(protocol.noSuchModel(read.model()));
        }
      } catch (ApiException e) {
        return refuse("invalid", e.error());
      }
      asked = read;
      ScriptRun.Decision decision = state.run().decide(read, request.path(), arrivedNanos);
      if (decision.does() instanceof Misbehaviour.Refusal refusal) {
        return refuse(refusal, read, decision.latency());
      }
      int longest = state.run().script().contextTokens();
      if (read.inputTokens() > longest) {
        return refuse("invalid", protocol.contextTooLong(longest, read.inputTokens()));
      }
      var limits =
          state
              .byKey()
              .computeIfAbsent(limited(key), _ -> new KeyLimits(state.limits(), arrivedNanos));
      return switch (limits.admit(read.inputTokens(), ticker.nanos())) {
        case Admission.Refused refused -> limited(refused, read, limits);
        case Admission.Admitted _ -> answer(read, decision, limits);
      };
    }

    /** Where any key is taken there may be many; beyond the bound they share their limits. */
    private String limited(String name) {
      return state.byKey().size() < MAX_KEYS || state.byKey().containsKey(name) ? name : "";
    }

    private ObjectNode body() throws ApiException {
      JsonNode body;
      try {
        body = Json.MAPPER.readTree(request.body());
      } catch (JacksonException e) {
        throw new ApiException(protocol.badJson(e.getOriginalMessage()));
      }
      if (body instanceof ObjectNode object) {
        return object;
      }
      throw new ApiException(protocol.badJson("it is not an object"));
    }

    /** What is to be sent, and what became of the call when that is sent. */
    private record Composed(Reply reply, int outputTokens, String outcome) {}

    private boolean answer(Asked read, ScriptRun.Decision decision, KeyLimits limits)
        throws InterruptedException {
      inputTokens = read.inputTokens();
      ledger.admitted(key, inputTokens, ticker.nanos());
      Composed composed;
      try {
        composed = compose(read, decision);
      } catch (RuntimeException e) {
        settle(limits, 0);
        record("bug", 0);
        throw e;
      }
      Reply reply =
          composed
              .reply()
              .with(
                  protocol.headers(
                      requestId, decision.latency(), limits.state(ticker.nanos()), ticker.now()));
      var bytes = decision.does() instanceof Misbehaviour.Bytes b ? b : null;
      var delivery =
          new Delivery(
              connection,
              decision.latency(),
              end -> {
                settle(limits, composed.outputTokens());
                boolean left = end == End.CLIENT_GONE && !(bytes instanceof Misbehaviour.Hang);
                record(left ? "client_gone" : composed.outcome(), reply.status());
              });
      return delivery.send(reply, bytes) == End.SENT && request.staysOpen();
    }

    private Composed compose(Asked read, ScriptRun.Decision decision) {
      var content = decision.does() instanceof Misbehaviour.Content c ? c : null;
      Script script = state.run().script();
      Answer answer =
          operation.writes()
              ? Author.write(script, read, content)
              : new Answer("", null, Answer.Finish.STOP, 0);
      int cached = Math.min(script.cachedTokens(), inputTokens);
      Reply reply =
          operation.answer(
              read, answer, new Operation.Occasion(Mix.of(decision.mixed(), 1), arrived, cached));
      if (decision.does() instanceof Misbehaviour.Body body && Damage.appliesTo(body, reply)) {
        return new Composed(Damage.of(body, reply, operation), answer.outputTokens(), body.name());
      }
      String outcome =
          switch (decision.does()) {
            case null -> "answered";
            case Misbehaviour.Drip _ -> "answered";
            case Misbehaviour.Body _ -> "answered"; // there was nothing to spoil
            case Misbehaviour other -> other.name();
          };
      return new Composed(reply, answer.outputTokens(), outcome);
    }

    private void settle(KeyLimits limits, int tokens) {
      outputTokens = tokens;
      long now = ticker.nanos();
      limits.settle(tokens, now);
      ledger.settled(key, tokens, now);
    }

    private boolean limited(Admission.Refused refused, Asked read, KeyLimits limits)
        throws IOException {
      ApiError error = protocol.limited(refused, read.model());
      var headers = new LinkedHashMap<String, String>();
      headers.putAll(headers(limits.state(ticker.nanos())));
      if (!refused.retryAfter().isZero()) {
        headers.putAll(retryAfter(refused.retryAfter(), protocol.retryAfterForm()));
      }
      record("limited_" + refused.kind().name().toLowerCase(java.util.Locale.ROOT), error.status());
      protocol.reply(error, requestId).with(headers).writeTo(connection);
      return request.staysOpen();
    }

    private boolean refuse(Misbehaviour.Refusal refusal, Asked read, Duration latency)
        throws IOException, InterruptedException {
      var headers = new LinkedHashMap<String, String>();
      ApiError error =
          switch (refusal) {
            case Misbehaviour.Status status -> {
              LimitState shown =
                  status.quota()
                      ? LimitState.nothingLeft(
                          status.retryAfter() == null ? DEFAULT_RESET : status.retryAfter())
                      : LimitState.NONE;
              headers.putAll(headers(shown));
              if (status.retryAfter() != null) {
                headers.putAll(retryAfter(status.retryAfter(), status.retryAfterAs()));
              }
              yield protocol.ofStatus(status.status(), status.retryAfter()).withCode(status.code());
            }
            case Misbehaviour.ContextTooLong _ ->
                protocol.contextTooLong(state.run().script().contextTokens(), read.inputTokens());
            case Misbehaviour.InsufficientQuota _ -> protocol.insufficientQuota();
            case Misbehaviour.PromptBlocked _ -> protocol.promptBlocked();
          };
      if (headers.isEmpty()) {
        headers.putAll(headers(LimitState.NONE));
      }
      if (!connection.isThereAfter(latency)) {
        record("client_gone", 0);
        return false;
      }
      record(refusal.name(), error.status());
      protocol.reply(error, requestId).with(headers).writeTo(connection);
      return request.staysOpen();
    }

    private boolean refuse(String outcome, ApiError error) throws IOException {
      record(outcome, error.status());
      protocol.reply(error, requestId).with(headers(LimitState.NONE)).writeTo(connection);
      return request.staysOpen();
    }

    private Map<String, String> headers(LimitState limits) {
      Duration took = Duration.ofNanos(ticker.nanos() - arrivedNanos);
      return protocol.headers(requestId, took, limits, ticker.now());
    }

    private Map<String, String> retryAfter(Duration time, RetryAfterForm form) {
      String seconds = String.valueOf(Math.ceilDiv(time.toNanos(), 1_000_000_000L));
      return switch (form) {
        case SECONDS -> Map.of("retry-after", seconds);
        case MILLIS ->
            Map.of("retry-after", seconds, "retry-after-ms", String.valueOf(ceilMillis(time)));
        case DATE ->
            Map.of(
                "retry-after",
                DateTimeFormatter.RFC_1123_DATE_TIME.format(
                    ticker.now().plus(time).atOffset(ZoneOffset.UTC)));
      };
    }

    private @Nullable String idempotencyKey() {
      String value = request.header("idempotency-key");
      return value.isEmpty() ? null : value.substring(0, Math.min(value.length(), 255));
    }

    private void record(String outcome, int status) {
      long now = ticker.nanos();
      ledger.ended(
          new CallRecord(
              number,
              arrived,
              key,
              request.path(),
              asked == null ? "" : asked.model(),
              asked != null && asked.streamed(),
              outcome,
              status,
              (now - arrivedNanos) / 1_000_000,
              inputTokens,
              outputTokens,
              requestId,
              idempotencyKey()),
          now);
    }
  }

  private static long ceilMillis(Duration time) {
    return Math.ceilDiv(time.toNanos(), 1_000_000L);
  }

  /** What statistics show of a key. */
  static String hash(String key) {
    if (key.isEmpty()) {
      return "";
    }
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 6);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("each JDK has SHA-256", e);
    }
  }
}
