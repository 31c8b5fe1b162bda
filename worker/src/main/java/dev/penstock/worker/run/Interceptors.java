package dev.penstock.worker.run;

import dev.penstock.job.Failure;
import dev.penstock.provider.CallInterceptor;
import dev.penstock.provider.ProviderCall;
import dev.penstock.provider.ProviderResult;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The interceptors of this worker, around each call. Thread-safe as they are. */
public final class Interceptors {
  /** No interceptors. */
  public static final Interceptors NONE = new Interceptors(List.of());

  private static final Logger log = LoggerFactory.getLogger(Interceptors.class);

  private final List<CallInterceptor> ordered;

  public Interceptors(List<CallInterceptor> interceptors) {
    var sorted = new ArrayList<>(interceptors);
    sorted.sort(
        Comparator.comparingInt(CallInterceptor::order).thenComparing(CallInterceptor::name));
    this.ordered = List.copyOf(sorted);
  }

  /** Those on the class path. */
  public static Interceptors load() {
    var found = new ArrayList<CallInterceptor>();
    ServiceLoader.load(CallInterceptor.class).forEach(found::add);
    var interceptors = new Interceptors(found);
    if (!found.isEmpty()) {
      log.info("calls pass the interceptors {}", interceptors.names());
    }
    return interceptors;
  }

  private List<String> names() {
    return ordered.stream().map(CallInterceptor::name).toList();
  }

  /** What makes the call itself. */
  @FunctionalInterface
  interface Making {
    ProviderResult make(ProviderCall call);
  }

  /**
   * What came of a call.
   *
   * @param made whether it reached the provider
   */
  record Result(ProviderResult result, boolean made) {}

  /** Makes the call, if nobody is against it. */
  Result around(ProviderCall call, Making making) throws InterruptedException {
    if (ordered.isEmpty()) {
      return new Result(making.make(call), true);
    }
    Deque<Passed> passed = new ArrayDeque<>(ordered.size());
    ProviderCall current = call;
    ProviderResult instead = null;
    for (CallInterceptor interceptor : ordered) {
      CallInterceptor.@Nullable Before before = before(interceptor, current);
      if (before instanceof CallInterceptor.Before.Instead(ProviderResult result)) {
        instead = result;
        break;
      }
      if (before == null) {
        instead = failed(interceptor, "did not say whether the call goes on");
        break;
      }
      if (before instanceof CallInterceptor.Before.With(var input)) {
        current = current.with(input);
      }
      passed.push(new Passed(interceptor, current));
    }
    ProviderResult result = instead == null ? making.make(current) : instead;
    for (Passed each : passed) {
      result = each.interceptorResult(result);
    }
    return new Result(result, instead == null);
  }

  private static CallInterceptor.@Nullable Before before(
      CallInterceptor interceptor, ProviderCall call) throws InterruptedException {
    try {
      return interceptor.before(call);
    } catch (RuntimeException | StackOverflowError | LinkageError | AssertionError e) {
      return new CallInterceptor.Before.Instead(threw(interceptor, e));
    }
  }

  /** One that let the call pass, as it was then. */
  private record Passed(CallInterceptor interceptor, ProviderCall call) {
    ProviderResult interceptorResult(ProviderResult result) throws InterruptedException {
      return switch (result) {
        case ProviderResult.Answered answered -> after(answered);
        case ProviderResult.Failed failed -> error(failed);
      };
    }

    private ProviderResult after(ProviderResult.Answered answered) throws InterruptedException {
      try {
        @Nullable ProviderResult result = interceptor.after(call, answered);
        return result == null ? failed(interceptor, "returned null") : result;
      } catch (RuntimeException | StackOverflowError | LinkageError | AssertionError e) {
        return new ProviderResult.Failed(threw(interceptor, e).failure(), answered.report());
      }
    }

    private ProviderResult error(ProviderResult.Failed failed) throws InterruptedException {
      try {
        @Nullable ProviderResult result = interceptor.error(call, failed);
        return result == null ? failed : result;
      } catch (RuntimeException | StackOverflowError | LinkageError | AssertionError e) {
        log.warn(
            "the interceptor {} threw when it was told of a failed call; that is a bug of it",
            interceptor.name(),
            e);
        return failed;
      }
    }
  }

  private static ProviderResult.Failed threw(CallInterceptor interceptor, Throwable e) {
    log.warn("the interceptor {} threw; that is a bug of it", interceptor.name(), e);
    return failed(interceptor, "threw " + e.getClass().getName() + ": " + e.getMessage());
  }

  private static ProviderResult.Failed failed(CallInterceptor interceptor, String what) {
    return new ProviderResult.Failed(
        new Failure.Unknown("the interceptor " + interceptor.name() + " " + what));
  }
}
