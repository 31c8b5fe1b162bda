package dev.penstock.fake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.penstock.codec.Json;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Which calls a script touches, and what it says of its errors. */
class ScriptTest {
  private static final long SECOND = 1_000_000_000L;

  @Test
  void theNthCallsAreTouched() throws Exception {
    ScriptRun run = run("{'do':'reset','when':{'calls':[2,4]}}");

    assertThat(touched(run, 6)).containsExactly(2, 4);
  }

  @Test
  void everyNthCallIsTouched() throws Exception {
    assertThat(touched(run("{'do':'reset','when':{'every':3}}"), 9)).containsExactly(3, 6, 9);
  }

  @Test
  void aShareIsDrawnFromTheSeed() throws Exception {
    List<Integer> once = touched(run("{'do':'reset','when':{'share':0.2}}"), 1_000);
    List<Integer> again = touched(run("{'do':'reset','when':{'share':0.2}}"), 1_000);

    assertThat(once).isEqualTo(again).hasSizeBetween(160, 240);
  }

  @Test
  void aRuleCanBeUsedUp() throws Exception {
    assertThat(touched(run("{'do':'reset','when':{'every':2,'times':2}}"), 10))
        .containsExactly(2, 4);
  }

  @Test
  void aWindowOpensAndClosesAtItsTimes() throws Exception {
    ScriptRun run = run("{'do':'reset','when':{'from':'10s','for':'5s'}}");
    Asked asked = asked("m", "p");

    assertThat(run.decide(asked, "/", 10 * SECOND - 1).does()).isNull();
    assertThat(run.decide(asked, "/", 10 * SECOND).does()).isNotNull();
    assertThat(run.decide(asked, "/", 15 * SECOND - 1).does()).isNotNull();
    assertThat(run.decide(asked, "/", 15 * SECOND).does()).isNull();
  }

  @Test
  void modelPromptAndPathMustAllFit() throws Exception {
    ScriptRun run = run("{'do':'reset','when':{'model':'m','prompt':'MARK','path':'/embeddings'}}");

    assertThat(run.decide(asked("m", "a MARK b"), "/v1/embeddings", 0).does()).isNotNull();
    assertThat(run.decide(asked("n", "a MARK b"), "/v1/embeddings", 0).does()).isNull();
    assertThat(run.decide(asked("m", "a b"), "/v1/embeddings", 0).does()).isNull();
    assertThat(run.decide(asked("m", "a MARK b"), "/v1/messages", 0).does()).isNull();
  }

  @Test
  void theFirstRuleThatFitsDecides() throws Exception {
    ScriptRun run =
        run("{'do':'hang','when':{'calls':[1]}},{'do':'error','status':500}," + "{'do':'reset'}");

    assertThat(run.decide(asked("m", "p"), "/", 0).does()).isInstanceOf(Misbehaviour.Hang.class);
    assertThat(run.decide(asked("m", "p"), "/", 0).does()).isInstanceOf(Misbehaviour.Status.class);
  }

  @Test
  void latencyIsLogNormal() throws Exception {
    ScriptRun run = new ScriptRun(parse("{'latency':{'median':'1s','sigma':0.5,'max':'3s'}}"), 0);
    var millis = new ArrayList<Long>();
    for (int i = 0; i < 2_000; i++) {
      millis.add(run.decide(asked("m", "p"), "/", 0).latency().toMillis());
    }
    millis.sort(null);

    assertThat(millis.get(1_000)).isBetween(950L, 1_050L);
    // One standard deviation up: e^0.5.
    assertThat(millis.get(1_683)).isBetween(1_550L, 1_750L);
    assertThat(millis.getLast()).isLessThanOrEqualTo(3_000);
  }

  @Test
  void anErrorDoesNotWaitUnlessItsRuleSaysSo() throws Exception {
    ScriptRun run =
        new ScriptRun(
            parse(
                "{'latency':'9s','rules':[{'do':'error','status':500,'when':{'calls':[1]}},"
                    + "{'do':'error','status':500,'latency':'2s','when':{'calls':[2]}},"
                    + "{'do':'length','when':{'calls':[3]}}]}"),
            0);

    assertThat(run.decide(asked("m", "p"), "/", 0).latency()).isZero();
    assertThat(run.decide(asked("m", "p"), "/", 0).latency()).isEqualTo(Duration.ofSeconds(2));
    assertThat(run.decide(asked("m", "p"), "/", 0).latency()).isEqualTo(Duration.ofSeconds(9));
  }

  @Test
  void allErrorsAreToldWithPlaceValueAndBound() {
    ScriptException e =
        Objects.requireNonNull(
            catchThrowableOfType(
                ScriptException.class,
                () ->
                    parse(
                        "{'seed':1.5,'latency':'soon','answerTokens':0,'colour':'red',"
                            + "'models':['',3],'limits':{'requestsPerMinute':-1,'burst':'2m'},"
                            + "'rules':[{'do':'explode'},{'do':'error','status':200},{'do':'error'},"
                            + "{'do':'cut','at':1.5,'over':'1s'},{'when':{'share':2,'calls':[0]}},"
                            + "{'do':'error','status':429,'retryAfter':3,'retryAfterAs':'weeks','when':{'calls':[],'sometimes':true}},"
                            + " 7]}")));

    assertThat(e.errors())
        .containsExactlyInAnyOrder(
            "/colour is not known here; known are seed, latency, answerTokens, contextTokens,"
                + " cachedTokens, models, limits, rules",
            "/seed is 1.5, but must be a whole number from -9223372036854775808 to"
                + " 9223372036854775807",
            "/latency is \"soon\", but must be a duration such as 250ms, 30s or 5m, from 0s to 1h",
            "/answerTokens is 0, but must be a whole number from 1 to 200000",
            "/models/0 is \"\", but must be the name of a model",
            "/models/1 is 3, but must be the name of a model",
            "/limits/requestsPerMinute is -1, but must be a whole number from 0 to 1000000000000",
            "/limits/burst is \"2m\", but must be a duration such as 250ms, 30s or 5m, from 0.001s"
                + " to 1m",
            "/rules/0/do is \"explode\", but must be one of error, context_length_exceeded,"
                + " insufficient_quota, prompt_blocked, refusal, content_filter, length,"
                + " malformed_json, wrong_content_type, empty_body, unfinished_stream,"
                + " stream_error, huge_body, drip, cut, reset, hang",
            "/rules/1/status is 200, but must be a whole number from 400 to 599",
            "/rules/2/status is missing: an error needs its status, from 400 to 599",
            "/rules/3/over is not known here; known are do, when, latency, at",
            "/rules/3/at is 1.5, but must be a number from 0.0 to 1.0",
            "/rules/4 does nothing: it needs a 'do' or a 'latency'",
            "/rules/4/when/share is 2, but must be a number from 0.0 to 1.0",
            "/rules/4/when/calls/0 is 0, but must be the number of a call, from 1",
            "/rules/5/retryAfter is 3, but must be a duration such as 250ms, 30s or 5m, from 0s to"
                + " 24h",
            "/rules/5/retryAfterAs is \"weeks\", but must be seconds, date or ms",
            "/rules/5/when/calls is [], but must name at least one call",
            "/rules/5/when/sometimes is not known here; known are calls, every, share, from, for,"
                + " model, prompt, path, times",
            "/rules/6 is 7, but must be an object");
  }

  @Test
  void aScriptThatIsNoJsonIsRefused() {
    ScriptException e =
        Objects.requireNonNull(
            catchThrowableOfType(ScriptException.class, () -> parse("{'rules':")));

    assertThat(e.errors()).hasSize(1);
    assertThat(e.errors().getFirst()).startsWith("the script is no JSON: ");
  }

  private static List<Integer> touched(ScriptRun run, int calls) {
    var touched = new ArrayList<Integer>();
    for (int i = 1; i <= calls; i++) {
      if (run.decide(asked("m", "p"), "/v1/chat/completions", 0).does() != null) {
        touched.add(i);
      }
    }
    return touched;
  }

  private static Asked asked(String model, String prompt) {
    return new Asked(model, prompt, 1, null, false, null, null, Json.MAPPER.createObjectNode());
  }

  private static ScriptRun run(String rules) throws ScriptException {
    return new ScriptRun(parse("{'rules':[" + rules + "]}"), 0);
  }

  private static Script parse(String json) throws ScriptException {
    return Script.parse(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }
}
