package dev.penstock.streams;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.broker.EmbeddedBroker;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A process of its own, ended by SIGKILL. */
@SuppressWarnings("NullAway.Init")
@Timeout(240)
final class KilledInstanceTest {
  @TempDir Path directory;
  private EmbeddedBroker broker;
  private Harness harness;
  private final HttpClient client = HttpClient.newHttpClient();
  private final List<Process> processes = new ArrayList<>();

  @BeforeEach
  void start() {
    broker = EmbeddedBroker.start(directory.resolve("broker"), 0);
    harness = new Harness(broker, "killed.", directory);
  }

  @AfterEach
  void stop() throws Exception {
    for (Process process : processes) {
      process.destroyForcibly().waitFor();
    }
    client.close();
    harness.close();
    broker.close();
  }

  @Test
  void aKilledInstanceComesBackOnItsStateAndTellsNoLess() throws Exception {
    int port = freePort();
    Process first = launch(port);
    awaitReady(first, port);
    var jobs = new ArrayList<JobId>();
    for (int round = 0; round < 3; round++) {
      for (int i = 0; i < 50; i++) {
        Job job = harness.accept();
        jobs.add(job.id());
        harness.send(Lives.succeeded(job.id(), 0, 1, Instant.now()));
      }
      int known = jobs.size();
      Awaitility.await()
          .atMost(Harness.PATIENCE)
          .untilAsserted(
              () -> assertThat(get(port, jobs.get(known - 1)).body()).contains("succeeded"));
      Process running = processes.getLast();
      running.destroyForcibly().waitFor();
      Process next = launch(port);
      awaitReady(next, port);
      var left = new ArrayList<>(jobs);
      Awaitility.await()
          .atMost(Harness.PATIENCE)
          .untilAsserted(() -> {
            for (JobId job : List.copyOf(left)) {
              HttpResponse<String> response = get(port, job);
              assertThat(response.statusCode()).as(response.body()).isIn(200, 503);
              if (response.statusCode() == 200) {
                assertThat(response.body()).contains("succeeded");
                left.remove(job);
              }
            }
            assertThat(left).isEmpty();
          });
    }
  }

  private Process launch(int port) throws IOException {
    var settings = new HashMap<>(harness.settings("killed"));
    settings.put("streams.port", String.valueOf(port));
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
    settings.forEach((key, value) -> {
      command.add("--set");
      command.add(key + "=" + value);
    });
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("log-" + processes.size()).toFile())
            .start();
    processes.add(process);
    return process;
  }

  private void awaitReady(Process process, int port) {
    Awaitility.await()
        .atMost(Harness.PATIENCE)
        .ignoreException(IOException.class)
        .ignoreException(java.net.ConnectException.class)
        .untilAsserted(() -> {
          assertThat(process.isAlive()).isTrue();
          assertThat(get(port, "/readyz").statusCode()).isEqualTo(200);
        });
  }

  private HttpResponse<String> get(int port, JobId job) throws Exception {
    return get(port, "/internal/v1/jobs/" + job);
  }

  private HttpResponse<String> get(int port, String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .timeout(Harness.PATIENCE)
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
