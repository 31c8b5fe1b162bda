package dev.penstock.http;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A body that is read while it comes. One thread reads; what has not been read is asked for piece
 * by piece, so a fast sender waits.
 */
final class ByteStream implements Body, BodySubscriber<Body> {
  private static final Duration DRAIN = Duration.ofSeconds(1);
  private static final int DRAIN_BYTES = 64 * 1024;

  /** What arrived: bytes, the end, or why nothing more will come. */
  private sealed interface Arrival {
    record Bytes(List<ByteBuffer> buffers) implements Arrival {}

    record End() implements Arrival {}

    record Broken(Throwable why) implements Arrival {}
  }

  private final BlockingQueue<Arrival> arrivals = new LinkedBlockingQueue<>();
  private final Object lock = new Object();
  private Flow.@Nullable Subscription subscription;
  private boolean cancelled;

  @Override
  public CompletionStage<Body> getBody() {
    return CompletableFuture.completedStage(this);
  }

  @Override
  public void onSubscribe(Flow.Subscription given) {
    synchronized (lock) {
      subscription = given;
      if (cancelled) {
        given.cancel();
        return;
      }
    }
    given.request(1);
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    arrivals.add(new Arrival.Bytes(buffers));
  }

  @Override
  public void onError(Throwable failure) {
    arrivals.add(new Arrival.Broken(failure));
  }

  @Override
  public void onComplete() {
    arrivals.add(new Arrival.End());
  }

  /**
   * The next bytes; waits for them.
   *
   * @return null at the end
   * @throws HttpTimeoutException when none came in time
   * @throws IOException when the connection was lost before the end
   */
  @Nullable List<ByteBuffer> next(Duration timeout) throws IOException, InterruptedException {
    Arrival arrival = arrivals.poll(timeout.toNanos(), TimeUnit.NANOSECONDS);
    return switch (arrival) {
      case null -> throw new HttpTimeoutException("nothing came for " + timeout);
      case Arrival.Bytes(List<ByteBuffer> buffers) -> {
        request();
        yield buffers;
      }
      case Arrival.End _ -> null;
      case Arrival.Broken(Throwable why) -> throw new IOException(why);
    };
  }

  /** Closes the connection. Whatever comes is not read. */
  void cancel() {
    Flow.Subscription known;
    synchronized (lock) {
      cancelled = true;
      known = subscription;
    }
    if (known != null) {
      known.cancel();
    }
  }

  /**
   * Reads on to the end, where it comes at once, so that the connection can be used again; closes
   * the connection where it does not. Returns without waiting.
   */
  void drain() {
    if (arrivals.peek() instanceof Arrival.End) {
      return;
    }
    Thread.startVirtualThread(() -> {
      try {
        long left = DRAIN_BYTES;
        List<ByteBuffer> buffers = next(DRAIN);
        while (buffers != null && left > 0) {
          left -= buffers.stream().mapToLong(ByteBuffer::remaining).sum();
          buffers = next(DRAIN);
        }
        if (buffers != null) {
          cancel();
        }
      } catch (IOException | InterruptedException _) {
        // The answer is complete; of the connection nothing more is wanted.
        cancel();
      }
    });
  }

  private void request() {
    Flow.Subscription known;
    synchronized (lock) {
      known = subscription;
    }
    if (known != null) {
      known.request(1);
    }
  }
}
