package dev.penstock.worker.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.Failure;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobOutput;
import dev.penstock.provider.CallInterceptor;
import dev.penstock.provider.ProviderCall;
import dev.penstock.provider.ProviderResult;
import dev.penstock.provider.Target;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class InterceptorsTest {
  private static final ProviderCall CALL =
      new ProviderCall(
          JobId.random(Instant.parse("2026-11-21T08:00:00Z")),
          0,
          1,
          Target.of("a"),
          new JobInput.Embed("text"),
          Duration.ofSeconds(1));
  private static final ProviderResult ANSWER =
      new ProviderResult.Answered(new JobOutput.Summary(List.of("done")));

  private final List<String> story = new ArrayList<>();

  /** Notes what it sees. */
  private class Noting implements CallInterceptor {
    private final String name;
    private final int order;

    Noting(String name, int order) {
      this.name = name;
      this.order = order;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public int order() {
      return order;
    }

    @Override
    public Before before(ProviderCall call) {
      story.add(name + " before " + call.input().text());
      return new Before.With(new JobInput.Embed(call.input().text() + "+" + name));
    }

    @Override
    public ProviderResult after(ProviderCall call, ProviderResult.Answered answered) {
      story.add(name + " after");
      return answered;
    }

    @Override
    public ProviderResult error(ProviderCall call, ProviderResult.Failed failed) {
      story.add(name + " error " + failed.failure().code());
      return failed;
    }
  }

  @Test
  void theyStandAroundTheCallInTheirOrderAndMayChangeItsInput() throws InterruptedException {
    Interceptors.Result result = run(ANSWER, new Noting("inner", 2), new Noting("outer", 1));
    assertThat(result).isEqualTo(new Interceptors.Result(ANSWER, true));
    assertThat(story)
        .containsExactly(
            "outer before text",
            "inner before text+outer",
            "called with text+outer+inner",
            "inner after",
            "outer after");
  }

  @Test
  void oneThatAnswersItselfKeepsTheCallFromBeingMade() throws InterruptedException {
    var cache =
        new Noting("cache", 2) {
          @Override
          public Before before(ProviderCall call) {
            return new Before.Instead(ANSWER);
          }
        };
    Interceptors.Result result = run(ANSWER, new Noting("outer", 1), cache, new Noting("last", 3));
    assertThat(result).isEqualTo(new Interceptors.Result(ANSWER, false));
    assertThat(story).containsExactly("outer before text", "outer after");
  }

  @Test
  void aFailureIsToldFromTheInsideOutAndMayBecomeAnAnswer() throws InterruptedException {
    var mending =
        new Noting("mending", 2) {
          @Override
          public ProviderResult error(ProviderCall call, ProviderResult.Failed failed) {
            return ANSWER;
          }
        };
    var failed = new ProviderResult.Failed(new Failure.Retryable("5xx"));
    assertThat(run(failed, new Noting("outer", 1), mending).result()).isEqualTo(ANSWER);
    assertThat(story).endsWith("outer after");
  }

  @Test
  void whatOneThrowsBecomesAFailureWithItsNameAndNoCallIsMade() throws InterruptedException {
    var broken =
        new Noting("broken", 1) {
          @Override
          public Before before(ProviderCall call) {
            throw new IllegalStateException("no rules loaded");
          }
        };
    Interceptors.Result result = run(ANSWER, broken);
    assertThat(result.made()).isFalse();
    assertThat(story).isEmpty();
    assertThat(result.result())
        .isEqualTo(
            new ProviderResult.Failed(
                new Failure.Unknown(
                    "the interceptor broken threw java.lang.IllegalStateException: no rules"
                        + " loaded")));
  }

  @Test
  void anAnswerDoesNotPassACheckThatBreaksDown() throws InterruptedException {
    var broken =
        new Noting("filter", 1) {
          @Override
          public ProviderResult after(ProviderCall call, ProviderResult.Answered answered) {
            throw new IllegalStateException("broken");
          }
        };
    assertThat(run(ANSWER, broken).result()).isInstanceOf(ProviderResult.Failed.class);
  }

  private Interceptors.Result run(ProviderResult result, CallInterceptor... interceptors)
      throws InterruptedException {
    return new Interceptors(List.of(interceptors))
        .around(
            CALL,
            call -> {
              story.add("called with " + call.input().text());
              return result;
            });
  }
}
