package dev.penstock.chaos.simulated.kafka;

import dev.penstock.chaos.simulated.strand.Scheduler;
import dev.penstock.chaos.simulated.strand.SimProcess;
import dev.penstock.chaos.simulated.strand.Strand;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A client's requests. What is on its way is done by the broker even when the client is killed
 * meanwhile; an answer that does not come is waited for, then the request is sent again, as Kafka's
 * clients do.
 */
final class Requests {
  private final SimKafka kafka;
  private final Scheduler scheduler;
  private final SimProcess process;
  private final String client;
  private final long requestTimeoutNanos;
  private final long backoffNanos;

  Requests(
      SimKafka kafka,
      SimProcess process,
      String client,
      Duration requestTimeout,
      Duration backoff) {
    this.kafka = kafka;
    this.scheduler = kafka.scheduler();
    this.process = process;
    this.client = client;
    this.requestTimeoutNanos = requestTimeout.toNanos();
    this.backoffNanos = backoff.toNanos();
  }

  /** One request on its way. */
  private static final class Trip<T> {
    @Nullable T answer;
    @Nullable Refusal refusal;
    boolean done;
  }

  /** Why a wait ended before the answer came. */
  static final class Cut extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Cut() {
      super("cut short", null, false, false);
    }
  }

  /**
   * Asks until there is an answer.
   *
   * @param cut ends the wait when it holds, by {@link Cut}
   * @throws TimeoutException when there is none in time; the request may have been done
   * @throws Refusal when the broker refuses for good
   */
  <T> T ask(Network.Api api, Duration patience, BooleanSupplier cut, Supplier<T> atBroker) {
    long deadline = scheduler.now() + patience.toNanos();
    while (true) {
      Trip<T> trip = send(api, atBroker);
      long until = Math.min(deadline, scheduler.now() + requestTimeoutNanos);
      while (!trip.done && scheduler.now() < until && !cut.getAsBoolean()) {
        scheduler.park(until);
      }
      if (trip.done && trip.refusal == null) {
        return java.util.Objects.requireNonNull(trip.answer);
      }
      if (trip.refusal != null && !trip.refusal.isPassing()) {
        throw trip.refusal;
      }
      if (cut.getAsBoolean()) {
        throw new Cut();
      }
      if (scheduler.now() >= deadline) {
        throw new TimeoutException("simulated: no answer to " + api + " within " + patience);
      }
      scheduler.sleep(
          Math.min(backoffNanos + scheduler.below(backoffNanos), deadline - scheduler.now()));
    }
  }

  private <T> Trip<T> send(Network.Api api, Supplier<T> atBroker) {
    var trip = new Trip<T>();
    Strand me = scheduler.me();
    Network.Way way = kafka.network().way(client, api);
    if (!way.arrives()) {
      return trip;
    }
    scheduler.after(
        way.thereNanos(),
        () -> {
          try {
            trip.answer = atBroker.get();
          } catch (Refusal e) {
            trip.refusal = e;
          }
          T answer = trip.answer;
          Refusal refusal = trip.refusal;
          trip.answer = null;
          trip.refusal = null;
          if (way.answered()) {
            scheduler.after(
                way.backNanos(),
                process,
                () -> {
                  trip.answer = answer;
                  trip.refusal = refusal;
                  trip.done = true;
                  scheduler.wake(me);
                });
          }
        });
    return trip;
  }
}
