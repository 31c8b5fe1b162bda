package dev.penstock.provider;

import dev.penstock.job.JobInput;
import java.util.Objects;

/**
 * Looks at calls, and may change what is sent and what comes back. A plugin's jar registers its own
 * under {@code META-INF/services/dev.penstock.provider.CallInterceptor}; it has a constructor
 * without parameters.
 *
 * <p>They stand around a call like the skins of an onion, those of lower {@link #order} outside:
 * {@link #before} is asked from the outside in, {@link #after} or {@link #error} from the inside
 * out, of each whose {@code before} let the call go on.
 *
 * <p>Thread-safe: called on the thread of the call, many at once. Blocking is fine; the call's time
 * limit holds for it too. What {@code before} and {@code after} throw becomes the call's failure
 * ({@code unknown}, with the interceptor's name): a check that breaks down must not let anything
 * pass. What {@code error} throws is logged, and the failure stays as it was.
 */
public interface CallInterceptor {
  /** For people: in logs and failures. */
  String name();

  /** Lower ones stand outside; among equals the names decide. */
  default int order() {
    return 0;
  }

  /**
   * Before a call.
   *
   * @throws InterruptedException when interrupted: nobody wants the result any more
   */
  default Before before(ProviderCall call) throws InterruptedException {
    return Before.GO_ON;
  }

  /**
   * An answer has come.
   *
   * @param call as this interceptor let it pass
   * @return the answer, another one, or a failure
   * @throws InterruptedException when interrupted
   */
  default ProviderResult after(ProviderCall call, ProviderResult.Answered answered)
      throws InterruptedException {
    return answered;
  }

  /**
   * The call has failed.
   *
   * @param call as this interceptor let it pass
   * @return the failure, another one, or an answer
   * @throws InterruptedException when interrupted
   */
  default ProviderResult error(ProviderCall call, ProviderResult.Failed failed)
      throws InterruptedException {
    return failed;
  }

  /** Whether a call goes on. */
  sealed interface Before {
    /** As it is. */
    Before GO_ON = new GoOn();

    record GoOn() implements Before {}

    /** With another input. */
    record With(JobInput input) implements Before {
      public With {
        Objects.requireNonNull(input, "input");
      }
    }

    /** No call is made; this is what came of it: an answer, or a failure that refuses it. */
    record Instead(ProviderResult result) implements Before {
      public Instead {
        Objects.requireNonNull(result, "result");
      }
    }
  }
}
