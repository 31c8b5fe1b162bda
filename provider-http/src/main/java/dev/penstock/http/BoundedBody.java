package dev.penstock.http;

import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/** Collects a body, but no more than its bound: then the connection is closed. */
final class BoundedBody implements BodySubscriber<Body.Whole> {
  private final int maxBytes;
  private final List<ByteBuffer> parts = new ArrayList<>();
  private final CompletableFuture<Body.Whole> body = new CompletableFuture<>();
  private Flow.@Nullable Subscription subscription;
  private long bytes;

  BoundedBody(int maxBytes) {
    this.maxBytes = maxBytes;
  }

  @Override
  public CompletionStage<Body.Whole> getBody() {
    return body;
  }

  @Override
  public void onSubscribe(Flow.Subscription given) {
    subscription = given;
    given.request(Long.MAX_VALUE);
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    for (ByteBuffer buffer : buffers) {
      bytes += buffer.remaining();
    }
    if (bytes <= maxBytes) {
      parts.addAll(buffers);
      return;
    }
    parts.clear();
    if (body.complete(new Body.Whole(new byte[0], true)) && subscription != null) {
      subscription.cancel();
    }
  }

  @Override
  public void onError(Throwable failure) {
    parts.clear();
    body.completeExceptionally(failure);
  }

  @Override
  public void onComplete() {
    var whole = new byte[(int) Math.min(bytes, maxBytes)];
    int at = 0;
    for (ByteBuffer part : parts) {
      int length = part.remaining();
      part.get(whole, at, length);
      at += length;
    }
    parts.clear();
    body.complete(new Body.Whole(whole, false));
  }
}
