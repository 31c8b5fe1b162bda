package dev.penstock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Json;
import java.io.InputStream;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class JobTextTest {
  private static final JobText TEXT =
      JobText.of(
          new Terminal(InputStream.nullInputStream(), System.out, System.err, Set.of(), 80, false));

  @Test
  void whatAModelWroteIsNoCommandToTheTerminal() {
    var result =
        Json.MAPPER.readTree(
            """
            {"id":"01a1fde9-9009-7fbe-b20b-f706a42df8e7","generation":0,"state":"succeeded",
             "output":{"kind":"generate","text":"a\\u001b[2Jb\\nc\\td\\u009bm\\u202ee\\r"},
             "finishedAt":"2026-11-21T08:00:00Z"}
            """);
    assertThat(TEXT.result(result)).containsExactly("a\ufffd[2Jb", "c\td\ufffdm\ufffde\ufffd");
  }

  @Test
  void anAttemptTellsWhatItUsedAndCost() {
    var job =
        Json.MAPPER.readTree(
            """
            {"id":"01a1fde9-9009-7fbe-b20b-f706a42df8e7","kind":"generate","model":"fast",
             "state":"succeeded","version":"0.1.f","generation":0,"maxAttempts":5,
             "cancelRequested":false,"wastedCalls":0,"acceptedAt":"2026-11-21T08:00:00Z","labels":{},
             "attempts":[{"number":1,"provider":"openai","worker":"w","latency":"PT1S",
               "startedAt":"2026-11-21T08:00:00Z","served":{"providerModel":"m-7","requestId":"req_1",
               "inputTokens":1000,"outputTokens":10,"cachedTokens":200,"costNanos":1020000,
               "insteadOf":"a:x: breaker open"}}]}
            """);
    assertThat(TEXT.view(job))
        .anySatisfy(line ->
            assertThat(line)
                .endsWith(
                    "; instead of a:x: breaker open, model m-7, 1000 (200 cached) + 10 tokens,"
                        + " cost 0.00102, request req_1"));
  }

  @Test
  void aJobTellsItsTenantItsCostAndWhatWasWasted() {
    String job =
        """
        {"id":"01a1fde9-9009-7fbe-b20b-f706a42df8e7","kind":"generate","model":"fast",
         "state":"succeeded","version":"0.1.f","generation":0,"maxAttempts":5,"attempts":[],
         "cancelRequested":false,"wastedCalls":WASTED,"acceptedAt":"2026-11-21T08:00:00Z","labels":{}
         MORE}
        """;
    assertThat(
            TEXT.view(
                Json.MAPPER.readTree(
                    job.replace("WASTED", "2")
                        .replace(
                            "MORE",
                            ",\"tenant\":\"acme\",\"costNanos\":1020000,\"wastedCostNanos\":30000"))))
        .contains(
            "tenant      acme",
            "cost        0.00102",
            "wasted      2 calls that were lost with their worker and made again; their input cost"
                + " about 0.00003");
    assertThat(
            TEXT.view(
                Json.MAPPER.readTree(
                    job.replace("WASTED", "0").replace("MORE", ",\"tenant\":\"default\""))))
        .noneMatch(line -> line.startsWith("tenant") || line.startsWith("cost"));
  }

  @Test
  void anAttemptTellsThatItWasServedFromTheCache() {
    var job =
        Json.MAPPER.readTree(
            """
            {"id":"01a1fde9-9009-7fbe-b20b-f706a42df8e7","kind":"generate","model":"fast",
             "state":"succeeded","version":"0.1.f","generation":0,"maxAttempts":5,
             "cancelRequested":false,"wastedCalls":0,"acceptedAt":"2026-11-21T08:00:00Z","labels":{},
             "attempts":[{"number":1,"provider":"openai","worker":"w","latency":"PT0S",
               "startedAt":"2026-11-21T08:00:00Z","served":{"providerModel":"m-7",
               "inputTokens":0,"outputTokens":0,"cachedTokens":0,"costNanos":0,
               "cachedAt":"2026-11-20T08:00:00Z"}}]}
            """);
    assertThat(TEXT.view(job))
        .anySatisfy(line ->
            assertThat(line)
                .contains("; from the cache, kept 2026-11-20")
                .endsWith(", model m-7, cost 0"));
  }

  @Test
  void anExtractionIsShownAsJson() {
    var result =
        Json.MAPPER.readTree(
            """
            {"id":"01a1fde9-9009-7fbe-b20b-f706a42df8e7","generation":0,"state":"succeeded",
             "output":{"kind":"extract","value":{"total": 1.5}},"finishedAt":"2026-11-21T08:00:00Z"}
            """);
    assertThat(TEXT.result(result)).containsExactly("{\"total\":1.5}");
  }
}
