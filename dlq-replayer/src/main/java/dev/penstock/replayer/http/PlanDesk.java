package dev.penstock.replayer.http;

import dev.penstock.replayer.plan.Coordinator;
import dev.penstock.replayer.plan.Coordinator.Reply;
import dev.penstock.replayer.plan.Coordinator.Request;
import dev.penstock.runtime.ownership.Neighbours;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * Brings what changes a plan to the replayer that coordinates: this one, or another one over HTTP.
 * Asking twice is asking once, so what got no answer is asked again while there is time.
 * Thread-safe.
 */
public final class PlanDesk {
  private static final Duration PATIENCE = Duration.ofSeconds(15);
  private static final Duration PAUSE = Duration.ofMillis(100);
  private static final int UNAVAILABLE = 503;

  private final Supplier<Optional<Coordinator>> here;
  private final Supplier<Optional<URI>> elsewhere;
  private final Neighbours neighbours;

  /**
   * @param here the coordinator of this process, if it has one
   * @param elsewhere where the process is that has one, as far as is known
   */
  public PlanDesk(
      Supplier<Optional<Coordinator>> here,
      Supplier<Optional<URI>> elsewhere,
      Neighbours neighbours) {
    this.here = here;
    this.elsewhere = elsewhere;
    this.neighbours = neighbours;
  }

  /** An answer of the coordinator. */
  sealed interface Told {
    /** Of this process. */
    record Here(Reply reply) implements Told {}

    /** Of another one, as it came. */
    record Elsewhere(HttpResponse<byte[]> answer) implements Told {}
  }

  /**
   * What came of a request.
   *
   * @param path and {@code json}: the same request over HTTP
   * @param forwarded whether another process has sent it here as to the coordinator
   */
  Told ask(Request request, String path, String json, boolean forwarded)
      throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      Optional<Told> told = once(request, path, json, forwarded, deadline);
      if (told.isPresent()) {
        return told.get();
      }
      if (forwarded || System.nanoTime() > deadline) {
        return new Told.Here(new Reply.Unavailable("no replayer makes plans now"));
      }
      Thread.sleep(PAUSE);
    }
  }

  /** Nothing when nobody coordinates, as far as is known, or who should does not answer. */
  private Optional<Told> once(
      Request request, String path, String json, boolean forwarded, long deadline)
      throws InterruptedException {
    Optional<Coordinator> coordinator = here.get();
    if (coordinator.isPresent()) {
      Reply reply = ask(coordinator.get(), request, deadline);
      return reply instanceof Reply.Unavailable && !forwarded && System.nanoTime() < deadline
          ? Optional.empty()
          : Optional.of(new Told.Here(reply));
    }
    Optional<URI> owner = forwarded ? Optional.empty() : elsewhere.get();
    if (owner.isEmpty()) {
      return Optional.empty();
    }
    HttpRequest.Builder sent =
        HttpRequest.newBuilder(owner.get().resolve(path))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(json));
    return neighbours
        .send(sent, left(deadline))
        .filter(answer -> answer.statusCode() != UNAVAILABLE || System.nanoTime() > deadline)
        .map(Told.Elsewhere::new);
  }

  private static Reply ask(Coordinator coordinator, Request request, long deadline)
      throws InterruptedException {
    try {
      return coordinator.ask(request).get(left(deadline).toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException _) {
      return new Reply.Unknown("the coordinator did not answer in time; look at the plan");
    } catch (ExecutionException e) {
      throw new IllegalStateException("a request of a plan failed", e.getCause());
    }
  }

  private static Duration left(long deadline) {
    return Duration.ofNanos(
        Math.max(Duration.ofMillis(100).toNanos(), deadline - System.nanoTime()));
  }
}
