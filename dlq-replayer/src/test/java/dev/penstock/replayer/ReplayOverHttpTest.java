package dev.penstock.replayer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.broker.EmbeddedBroker;
import dev.penstock.codec.Json;
import dev.penstock.job.Job;
import dev.penstock.replayer.Installation.Place;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Two replayers over HTTP; one of them coordinates, and both answer everything. */
final class ReplayOverHttpTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir static Path directory;
  private static EmbeddedBroker broker;
  private static Installation all;
  private static HttpClient http;
  private static final List<ReplayerService> replayers = new ArrayList<>();

  @BeforeAll
  static void start() {
    broker = EmbeddedBroker.start(directory, 0);
    all = new Installation(broker, "http.");
    http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    replayers.add(all.replayer());
    replayers.add(all.replayer());
  }

  @AfterAll
  static void stop() {
    replayers.forEach(ReplayerService::close);
    http.close();
    all.close();
    broker.close();
  }

  private record Answer(int status, JsonNode json) {
    String text(String name) {
      return json.path(name).asString("");
    }
  }

  private static HttpResponse<String> send(int replayer, HttpRequest.Builder request, String path)
      throws Exception {
    return http.send(
        request.uri(uri(replayer, path)).build(), HttpResponse.BodyHandlers.ofString());
  }

  private static URI uri(int replayer, String path) {
    return URI.create("http://127.0.0.1:" + replayers.get(replayer).port() + path);
  }

  private static Answer answer(HttpResponse<String> response) {
    return new Answer(response.statusCode(), Json.MAPPER.readTree(response.body()));
  }

  private static Answer get(int replayer, String path) throws Exception {
    return answer(send(replayer, HttpRequest.newBuilder().GET(), path));
  }

  private static Answer post(int replayer, String path, String json) throws Exception {
    return answer(
        send(
            replayer,
            HttpRequest.newBuilder()
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(json.replace('\'', '"'))),
            path));
  }

  private static Answer plan(int replayer, String id) throws Exception {
    return get(replayer, "/v1/replays/" + id);
  }

  private static void awaitState(String id, String state) {
    await().atMost(PATIENCE).until(() -> plan(0, id).text("state"), state::equals);
  }

  private static String name(Place place) {
    return place.partition() + "-" + place.offset();
  }

  private static String letters(List<Place> places) {
    return "[" + String.join(",", places.stream().map(p -> "'" + name(p) + "'").toList()) + "]";
  }

  /** Dead letters of new jobs. */
  private static List<Place> some(int count, List<Job> jobs) {
    var places = new ArrayList<Place>();
    for (int i = 0; i < count; i++) {
      Job job = Installation.job(null);
      jobs.add(job);
      places.add(all.deadLetter(job, 0));
    }
    return places;
  }

  @Test
  void aPlanIsMadePreviewedConfirmedAndFollowedThroughAnyReplayer() throws Exception {
    var jobs = new ArrayList<Job>();
    List<Place> places = some(6, jobs);
    Place poison = all.poison(0);
    var selected = new ArrayList<>(places);
    selected.add(poison);
    for (int replayer = 0; replayer < 2; replayer++) {
      String id = "by-" + replayer;
      List<Place> half =
          replayer == 0 ? selected.subList(0, 3) : selected.subList(3, selected.size());
      Answer made =
          post(
              replayer,
              "/v1/replays",
              "{'id':'"
                  + id
                  + "','by':'ann','selection':{'letters':"
                  + letters(half)
                  + "},'override':{'model':'other:x','expireAt':null}}");
      assertThat(made.status()).as("%s", made.json()).isEqualTo(202);
      awaitState(id, "draft");
      // The other one knows it, too, and all of it.
      Answer draft = plan(1 - replayer, id);
      JsonNode preview = draft.json().path("preview");
      assertThat(preview.path("selected").asInt()).isEqualTo(3);
      assertThat(preview.path("refused").findValuesAsString("reason"))
          .isEqualTo(replayer == 0 ? List.of() : List.of("poison"));
      assertThat(preview.path("examples").path(0).path("diff").toString())
          .contains("/model", "other:x");
      int version = draft.json().path("version").asInt();
      Answer stale = post(1 - replayer, "/v1/replays/" + id + "/confirm", "{'version':99}");
      assertThat(stale.status()).isEqualTo(409);
      assertThat(stale.text("code")).isEqualTo("replay_conflict");
      Answer confirmed =
          post(
              1 - replayer,
              "/v1/replays/" + id + "/confirm",
              "{'by':'bob','version':" + version + "}");
      assertThat(confirmed.status()).as("%s", confirmed.json()).isEqualTo(200);
      await()
          .atMost(PATIENCE)
          .until(() -> plan(1, id).json().path("progress").path("replayed").asInt() == 3);
    }
    jobs.forEach(job -> all.finished(job.id(), 1));
    awaitState("by-0", "done");
    awaitState("by-1", "done");
    JsonNode done = plan(1, "by-1").json().path("progress");
    assertThat(done.path("succeeded").asInt()).isEqualTo(3);
    assertThat(done.path("refused").isEmpty()).isTrue();
    assertThat(get(0, "/v1/replays/by-1/differences").json().path("differences")).isEmpty();
    JsonNode audit = get(1, "/v1/audit?plan=by-0").json().path("entries");
    assertThat(audit.findValuesAsString("did"))
        .containsExactly("done", "confirm", "draft", "create");
    assertThat(audit.findValuesAsString("who"))
        .containsExactly("penstock", "bob", "penstock", "ann");
    JsonNode verdict = get(0, "/v1/audit/verification").json();
    assertThat(verdict.path("sound").asBoolean()).isTrue();
    assertThat(verdict.path("entries").asLong()).isGreaterThanOrEqualTo(8);
    assertThat(get(1, "/v1/dead-letters/" + name(places.getFirst())).text("standing"))
        .isEqualTo("replayed");
    assertThat(get(1, "/v1/dead-letters/" + name(poison)).text("standing")).isEqualTo("open");
  }

  @Test
  void whatHasChangedSinceThePreviewIsADifferenceWithItsReason() throws Exception {
    var jobs = new ArrayList<Job>();
    List<Place> places = some(3, jobs);
    String selection = "'selection':{'letters':" + letters(places) + "}";
    post(0, "/v1/replays", "{'id':'late'," + selection + "}");
    awaitState("late", "draft");
    post(
        0,
        "/v1/replays",
        "{'id':'early','action':'discard','reason':'withdrawn','selection':{'letters':"
            + letters(places.subList(0, 2))
            + "}}");
    awaitState("early", "draft");
    assertThat(post(0, "/v1/replays/early/confirm", "{}").status()).isEqualTo(200);
    awaitState("early", "done");
    assertThat(post(1, "/v1/replays/late/confirm", "{}").status()).isEqualTo(200);
    await()
        .atMost(PATIENCE)
        .until(() -> plan(1, "late").json().path("progress").path("decided").asInt() == 3);
    JsonNode first = get(1, "/v1/replays/late/differences?limit=1").json();
    JsonNode second =
        get(1, "/v1/replays/late/differences?limit=1&cursor=" + first.path("next").asString())
            .json();
    var told = new ArrayList<String>();
    for (JsonNode page : List.of(first, second)) {
      JsonNode difference = page.path("differences").path(0);
      assertThat(difference.path("reason").asString()).isEqualTo("already-resolved");
      told.add(difference.path("letter").asString());
    }
    assertThat(told).containsExactlyInAnyOrder(name(places.get(0)), name(places.get(1)));
  }

  @Test
  void allThatIsWrongWithAPlanIsToldWhereItStands() throws Exception {
    Answer wrong =
        post(
            1,
            "/v1/replays",
            "{'id':'Not so','selection':{'filter':{'kind':'dance'}},'surprise':1,"
                + "'pace':{'inFlight':0}}");
    assertThat(wrong.status()).isEqualTo(422);
    assertThat(wrong.text("code")).isEqualTo("invalid_replay");
    assertThat(wrong.json().path("errors").findValuesAsString("pointer"))
        .containsExactlyInAnyOrder("/id", "/surprise", "/pace/inFlight");
    wrong =
        post(
            1,
            "/v1/replays",
            "{'selection':{'filter':{'kind':'dance'}},'override':{'priority':'urgent'},"
                + "'patch':[{'op':'jump'}],'reason':'none','canary':{'then':'stop'}}");
    assertThat(wrong.json().path("errors").findValuesAsString("pointer"))
        .containsExactlyInAnyOrder(
            "/selection/filter/kind", "/override/priority", "/patch", "/reason", "/canary");
    wrong = post(1, "/v1/replays", "{'action':'discard','selection':{'filter':{}},'force':true}");
    assertThat(wrong.json().path("errors").findValuesAsString("pointer"))
        .containsExactlyInAnyOrder("/force", "/reason");
    assertThat(post(0, "/v1/replays", "{").text("code")).isEqualTo("malformed_json");
    assertThat(post(0, "/v1/replays/nobody/confirm", "{}").text("code"))
        .isEqualTo("replay_not_found");
    assertThat(post(0, "/v1/replays/nobody/dance", "{}").text("code")).isEqualTo("not_found");
    assertThat(plan(0, "nobody").text("code")).isEqualTo("replay_not_found");
    assertThat(get(0, "/v1/replays?state=busy").text("code")).isEqualTo("invalid_parameter");
    assertThat(get(0, "/v1/replays?limit=0").status()).isEqualTo(400);
    assertThat(get(0, "/v1/dead-letters?colour=red").text("code")).isEqualTo("invalid_parameter");
    assertThat(get(0, "/v1/dead-letters/groups?by=colour").status()).isEqualTo(400);
    assertThat(get(0, "/v1/dead-letters/export?from=yesterday").status()).isEqualTo(400);
    assertThat(get(0, "/v1/dead-letters/0-999999").text("code")).isEqualTo("dead_letter_not_found");
    assertThat(get(0, "/v1/dead-letters/there").text("code")).isEqualTo("dead_letter_not_found");
    assertThat(get(0, "/v1/audit?before=x").status()).isEqualTo(400);
    Answer form =
        answer(
            send(
                0,
                HttpRequest.newBuilder()
                    .header("Content-Type", "text/plain")
                    .POST(BodyPublishers.ofString("{}")),
                "/v1/replays/nobody/confirm"));
    assertThat(form.status()).isEqualTo(415);
  }

  @Test
  void aPlanOfTheSameIdAndContentIsMadeOnceAndPlansAreListedInPages() throws Exception {
    var jobs = new ArrayList<Job>();
    String selection = "'selection':{'letters':" + letters(some(1, jobs)) + "}";
    for (int i = 0; i < 2; i++) {
      assertThat(post(i, "/v1/replays", "{'id':'again'," + selection + "}").status())
          .isEqualTo(202);
    }
    assertThat(post(0, "/v1/replays", "{'id':'again','force':true," + selection + "}").status())
        .isEqualTo(409);
    awaitState("again", "draft");
    // Without an id one is made up.
    Answer unnamed = post(0, "/v1/replays", "{'name':'no id'," + selection + "}");
    assertThat(unnamed.status()).isEqualTo(202);
    var seen = new ArrayList<String>();
    String cursor = "";
    do {
      Answer page = get(1, "/v1/replays?limit=1" + cursor);
      seen.addAll(page.json().path("replays").findValuesAsString("id"));
      cursor = page.text("next").isEmpty() ? "" : "&cursor=" + page.text("next");
    } while (!cursor.isEmpty());
    assertThat(seen).doesNotHaveDuplicates().contains("again", unnamed.text("id"));
    assertThat(post(1, "/v1/replays/again/abort", "{}").text("state")).isEqualTo("aborted");
    assertThat(get(0, "/v1/replays?state=aborted").json().path("replays").findValuesAsString("id"))
        .contains("again");
  }

  @Test
  void anExportEndsWithALineThatSaysSo() throws Exception {
    var jobs = new ArrayList<Job>();
    some(2, jobs);
    HttpResponse<String> export =
        send(1, HttpRequest.newBuilder().GET(), "/v1/dead-letters/export?standing=any");
    assertThat(export.headers().firstValue("content-type")).contains("application/x-ndjson");
    List<String> lines = export.body().lines().toList();
    assertThat(lines.getLast()).startsWith("{\"end\":true,\"letters\":" + (lines.size() - 1));
    assertThat(export.body()).contains(jobs.getLast().id().toString());
  }
}
