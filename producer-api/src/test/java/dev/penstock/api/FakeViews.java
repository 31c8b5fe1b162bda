package dev.penstock.api;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Answers like the internal API of the service that keeps the views. */
final class FakeViews implements AutoCloseable {
  private final HttpServer server;
  private final Map<String, Answer> answers = new ConcurrentHashMap<>();
  private final Map<String, List<String>> events = new ConcurrentHashMap<>();
  final List<String> lastEventIds = new CopyOnWriteArrayList<>();
  final CountDownLatch streamBroken = new CountDownLatch(1);

  record Answer(int status, String contentType, Map<String, String> headers, String body) {}

  private FakeViews(HttpServer server) {
    this.server = server;
  }

  static FakeViews start() {
    try {
      var server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
      var views = new FakeViews(server);
      server.createContext("/internal/v1/", views::handle);
      server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
      server.start();
      return views;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  void job(String id, String state, String version) {
    job(id, state, version, "");
  }

  /** A job with an ordering key; an empty one is none. */
  void job(String id, String state, String version, String orderingKey) {
    answers.put(
        "/internal/v1/jobs/" + id,
        new Answer(
            200,
            "application/json",
            Map.of("ETag", "\"" + version + "\""),
            "{\"id\":\""
                + id
                + "\",\"state\":\""
                + state
                + "\",\"generation\":0"
                + (orderingKey.isEmpty() ? "" : ",\"orderingKey\":\"" + orderingKey + "\"")
                + "}"));
  }

  /** A job that waits behind so many attempts. */
  void waitingJob(String id, int attempts) {
    var numbers = new StringBuilder();
    for (int number = 1; number <= attempts; number++) {
      numbers.append(number == 1 ? "" : ",").append("{\"number\":").append(number).append('}');
    }
    answers.put(
        "/internal/v1/jobs/" + id,
        new Answer(
            200,
            "application/json",
            Map.of(),
            "{\"id\":\""
                + id
                + "\",\"state\":\"waiting\",\"generation\":0,\"attempts\":["
                + numbers
                + "]}"));
  }

  /** Answers a path of its own, by the raw query. */
  void answerTo(String path, Function<String, Answer> byQuery) {
    server.createContext(
        path,
        exchange -> {
          String query = exchange.getRequestURI().getRawQuery();
          send(exchange, byQuery.apply(query == null ? "" : query));
        });
  }

  void answer(String path, Answer answer) {
    answers.put("/internal/v1/jobs/" + path, answer);
  }

  /** The answer to whatever method at a path below {@code /internal/v1/}. */
  void answerAt(String path, Answer answer) {
    answers.put("/internal/v1/" + path, answer);
  }

  /** A stream of these events; one that does not end when the last is {@code "..."}. */
  void events(String id, List<String> blocks) {
    events.put("/internal/v1/jobs/" + id + "/events", blocks);
  }

  private void handle(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    List<String> blocks = events.get(path);
    if (blocks != null) {
      stream(exchange, blocks);
      return;
    }
    @Nullable Answer answer = answers.get(path);
    if (answer == null && !path.startsWith("/internal/v1/jobs/")) {
      answer =
          new Answer(
              503,
              "application/problem+json",
              Map.of("Retry-After", "1"),
              "{\"type\":\"about:blank\",\"title\":\"View not ready\",\"status\":503,"
                  + "\"code\":\"view_not_ready\",\"detail\":\"starting\"}");
    }
    if (answer == null) {
      answer =
          new Answer(
              404,
              "application/problem+json",
              Map.of(),
              "{\"type\":\"about:blank\",\"title\":\"There is no such job\",\"status\":404,"
                  + "\"code\":\"job_not_found\",\"detail\":\"no such job\"}");
    }
    if (answer.status() == 204) {
      exchange.sendResponseHeaders(204, -1);
      exchange.close();
      return;
    }
    send(exchange, answer);
  }

  private static void send(HttpExchange exchange, Answer answer) throws IOException {
    byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", answer.contentType());
    answer.headers().forEach(exchange.getResponseHeaders()::set);
    exchange.sendResponseHeaders(answer.status(), body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private void stream(HttpExchange exchange, List<String> blocks) throws IOException {
    lastEventIds.add(String.valueOf(exchange.getRequestHeaders().getFirst("Last-Event-ID")));
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
    exchange.sendResponseHeaders(200, 0);
    var out = exchange.getResponseBody();
    for (String block : blocks) {
      if (block.equals("...")) {
        heartbeats(exchange);
        return;
      }
      out.write((block + "\n\n").getBytes(StandardCharsets.UTF_8));
      out.flush();
    }
    exchange.close();
  }

  private void heartbeats(HttpExchange exchange) {
    try {
      while (true) {
        exchange.getResponseBody().write(": still here\n\n".getBytes(StandardCharsets.UTF_8));
        exchange.getResponseBody().flush();
        Thread.sleep(20);
      }
    } catch (IOException _) {
      streamBroken.countDown();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      exchange.close();
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
