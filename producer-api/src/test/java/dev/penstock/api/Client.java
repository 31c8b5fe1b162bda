package dev.penstock.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import tools.jackson.databind.JsonNode;

/**
 * Talks to an intake, and holds every answer against the contract: a status that the file does not
 * list for its operation fails the test.
 */
final class Client implements AutoCloseable {
  static final String JOB = "{\"kind\":\"embed\",\"input\":{\"text\":\"Water turns the wheel.\"}}";

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final String base;
  private final JsonNode contract;

  Client(int port) {
    this.base = "http://127.0.0.1:" + port;
    this.contract = dev.penstock.submission.Contract.load().document();
  }

  HttpResponse<String> post(String body, String... headers) {
    return send("POST", "/v1/jobs", BodyPublishers.ofString(body), jsonUnlessSet(headers));
  }

  HttpResponse<String> post(BodyPublisher body, String... headers) {
    return send("POST", "/v1/jobs", body, jsonUnlessSet(headers));
  }

  HttpResponse<String> get(String path, String... headers) {
    return send("GET", path, BodyPublishers.noBody(), headers);
  }

  HttpResponse<String> delete(String path) {
    return send("DELETE", path, BodyPublishers.noBody());
  }

  HttpResponse<String> send(String method, String path, BodyPublisher body, String... headers) {
    var request =
        HttpRequest.newBuilder(URI.create(base + path))
            .timeout(Duration.ofSeconds(60))
            .method(method, body);
    if (headers.length > 0) {
      request.headers(headers);
    }
    try {
      HttpResponse<String> response = http.send(request.build(), BodyHandlers.ofString());
      check(method, path, response);
      return response;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  static JsonNode json(HttpResponse<String> response) {
    return Json.MAPPER.readTree(response.body());
  }

  static String code(HttpResponse<String> response) {
    assertThat(response.headers().firstValue("Content-Type")).hasValue("application/problem+json");
    JsonNode problem = json(response);
    assertThat(problem.path("status").asInt()).isEqualTo(response.statusCode());
    assertThat(problem.path("title").asString("")).isNotEmpty();
    assertThat(problem.path("detail").asString("")).isNotEmpty();
    return problem.path("code").asString("");
  }

  private void check(String method, String path, HttpResponse<String> response) {
    assertThat(response.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
    assertThat(response.headers().firstValue("Content-Security-Policy")).isPresent();
    assertThat(response.body()).doesNotContain("Exception", "dev.penstock", "\tat ");
    String pattern =
        path.replaceAll("/v1/jobs/[^/?]+", "/v1/jobs/{id}")
            .replaceAll("/v1/workers/[^/?]+", "/v1/workers/{id}")
            .replaceAll("/v1/schedules/[^/?]+", "/v1/schedules/{name}")
            .replaceAll("[?].*", "");
    JsonNode operation =
        contract.path("paths").path(pattern).path(method.toLowerCase(java.util.Locale.ROOT));
    if (!operation.isMissingNode()) {
      assertThat(operation.path("responses").propertyNames())
          .as("what %s %s may answer", method, pattern)
          .contains(String.valueOf(response.statusCode()));
    }
  }

  private static String[] jsonUnlessSet(String... headers) {
    for (int i = 0; i < headers.length; i += 2) {
      if (headers[i].equalsIgnoreCase("Content-Type")) {
        return headers;
      }
    }
    String[] with = java.util.Arrays.copyOf(headers, headers.length + 2);
    with[headers.length] = "Content-Type";
    with[headers.length + 1] = "application/json";
    return with;
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
