package dev.penstock.streams;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.broker.FreePort;
import dev.penstock.job.JobId;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;

/** One instance as a process of its own, to be ended by SIGKILL and launched again. */
final class InstanceProcess {
  private final Map<String, String> settings;
  private final Path directory;
  private final int port;
  private final HttpClient client = HttpClient.newHttpClient();
  private final List<Process> processes = new ArrayList<>();

  InstanceProcess(Map<String, String> settings, Path directory) {
    this.port = FreePort.find();
    this.settings = new HashMap<>(settings);
    this.settings.put("streams.port", String.valueOf(port));
    this.directory = directory;
  }

  /** Returns when it is ready. */
  void launch() throws IOException {
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                // It is killed before optimizing it pays.
                "-XX:TieredStopAtLevel=1",
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
    Awaitility.await()
        .atMost(Harness.PATIENCE)
        .ignoreException(IOException.class)
        .ignoreException(java.net.ConnectException.class)
        .untilAsserted(() -> {
          assertThat(process.isAlive()).isTrue();
          assertThat(get("/readyz").statusCode()).isEqualTo(200);
        });
  }

  void kill() throws InterruptedException {
    processes.getLast().destroyForcibly().waitFor();
  }

  void close() throws InterruptedException {
    for (Process process : processes) {
      process.destroyForcibly().waitFor();
    }
    client.close();
  }

  HttpResponse<String> job(JobId job) throws Exception {
    return get("/internal/v1/jobs/" + job);
  }

  HttpResponse<String> get(String path) throws Exception {
    return client.send(request(path), HttpResponse.BodyHandlers.ofString());
  }

  HttpResponse<byte[]> bytes(String path) throws Exception {
    return client.send(request(path), HttpResponse.BodyHandlers.ofByteArray());
  }

  private HttpRequest request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
        .timeout(Harness.PATIENCE)
        .build();
  }
}
