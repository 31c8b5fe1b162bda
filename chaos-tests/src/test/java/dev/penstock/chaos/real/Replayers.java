package dev.penstock.chaos.real;

import dev.penstock.broker.FreePort;
import dev.penstock.codec.Json;
import dev.penstock.process.ChildJvm;
import dev.penstock.process.PenstockCommands;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.common.config.ConfigResource;
import tools.jackson.databind.JsonNode;

/**
 * Replayers that are killed and started again, and whoever asks one of them that lives. Each start
 * has a port of its own, so the group tells who is who.
 */
final class Replayers implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(20);
  private static final Duration PAUSE = Duration.ofMillis(100);

  /** Whoever was killed is missed after this, the least that the broker allows. */
  private static final Map<String, String> GROUP =
      Map.of("consumer.session.timeout.ms", "3000", "consumer.heartbeat.interval.ms", "500");

  private final Cluster cluster;
  private final Admin admin;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(2))
          .build();

  /** Those that live, by port. */
  private final Map<Integer, ChildJvm> living = new HashMap<>();

  private int started;

  /** An answer of the API. */
  record Answer(int status, JsonNode json) {}

  Replayers(Cluster cluster) throws InterruptedException {
    this.cluster = cluster;
    this.admin = Admin.create(Map.of("bootstrap.servers", cluster.bootstrap()));
    shortenSessions();
  }

  private void shortenSessions() throws InterruptedException {
    var group = new ConfigResource(ConfigResource.Type.GROUP, cluster.topics().replayerGroup());
    List<AlterConfigOp> settings =
        GROUP.entrySet().stream()
            .map(each ->
                new AlterConfigOp(
                    new ConfigEntry(each.getKey(), each.getValue()), AlterConfigOp.OpType.SET))
            .toList();
    try {
      admin.incrementalAlterConfigs(Map.of(group, settings)).all().get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("the group of the replayers can't be configured", e);
    }
  }

  /** Starts one more, and does not wait for it. */
  void start() {
    int port = FreePort.find();
    started++;
    living.put(port, cluster.startReplayer("replayer-" + started, port));
  }

  /** How many live, whether they are ready or not. */
  int count() {
    return living.size();
  }

  /** SIGKILL. */
  void kill(int port) throws InterruptedException {
    ChildJvm victim = living.remove(port);
    if (victim == null) {
      throw new IllegalArgumentException("no replayer lives at port " + port);
    }
    victim.checkAlive();
    victim.kill();
  }

  /** That none died but those that were killed. */
  void checkAlive() {
    living.values().forEach(ChildJvm::checkAlive);
  }

  /** The ports of those that live, oldest first. */
  List<Integer> ports() {
    return living.entrySet().stream()
        .sorted(java.util.Comparator.comparingLong(each -> each.getValue().pid()))
        .map(Map.Entry::getKey)
        .toList();
  }

  /** Which of those that live owns which partition of the dead letters, by what the group tells. */
  Map<Integer, Integer> owners() throws InterruptedException {
    String group = cluster.topics().replayerGroup();
    var owners = new HashMap<Integer, Integer>();
    try {
      var groups = admin.describeConsumerGroups(Set.of(group)).all().get();
      for (MemberDescription member : Objects.requireNonNull(groups.get(group)).members()) {
        Optional<Integer> port =
            living.keySet().stream()
                .filter(each -> member.clientId().endsWith("%3A" + each))
                .findFirst();
        port.ifPresent(owner ->
            member
                .assignment()
                .topicPartitions()
                .forEach(partition -> owners.put(partition.partition(), owner)));
      }
      return owners;
    } catch (ExecutionException e) {
      throw new IllegalStateException("can't describe the group " + group, e);
    }
  }

  /** What one that lives answers; those that are starting are waited for. */
  Answer get(String path) throws InterruptedException {
    return ask(HttpRequest.newBuilder().GET(), path);
  }

  /** Asks for a change. Whoever asks twice asks once, so it is asked until there is an answer. */
  Answer post(String path, JsonNode json) throws InterruptedException {
    return ask(
        HttpRequest.newBuilder()
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(Json.MAPPER.writeValueAsString(json))),
        path);
  }

  /** Sends a change to one of them and looks for no answer: it is about to be killed. */
  void postAndForget(int port, String path, JsonNode json) {
    var _ =
        http.sendAsync(
            HttpRequest.newBuilder()
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(Json.MAPPER.writeValueAsString(json)))
                .uri(uri(port, path))
                .timeout(REQUEST_TIMEOUT)
                .build(),
            BodyHandlers.discarding());
  }

  private Answer ask(HttpRequest.Builder request, String path) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    var last = new ArrayList<String>();
    while (System.nanoTime() < deadline) {
      last.clear();
      for (int port : ports()) {
        try {
          HttpResponse<String> response =
              http.send(
                  request.copy().uri(uri(port, path)).timeout(REQUEST_TIMEOUT).build(),
                  BodyHandlers.ofString());
          if (response.statusCode() != 503) {
            return new Answer(response.statusCode(), Json.MAPPER.readTree(response.body()));
          }
          last.add(port + ": " + response.body());
        } catch (IOException e) {
          last.add(port + ": " + e);
        }
      }
      Thread.sleep(PAUSE);
    }
    throw new AssertionError("no replayer answers " + path + " within " + PATIENCE + ": " + last);
  }

  private static URI uri(int port, String path) {
    return URI.create("http://" + PenstockCommands.HOST + ":" + port + path);
  }

  @Override
  public void close() {
    http.close();
    admin.close();
  }
}
