package dev.penstock.fake;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** Spoils the body of an answer. */
final class Damage {
  private static final int HUGE_PART_BYTES = 64 * 1024;

  private Damage() {}

  /** Whether there is something to spoil: only streams can be unfinished. */
  static boolean appliesTo(Misbehaviour.Body fault, Reply reply) {
    return switch (fault) {
      case Misbehaviour.UnfinishedStream _, Misbehaviour.StreamError _ -> reply.streamed();
      default -> true;
    };
  }

  static Reply of(Misbehaviour.Body fault, Reply reply, Operation operation) {
    return switch (fault) {
      case Misbehaviour.MalformedJson _ -> malformed(reply);
      case Misbehaviour.WrongContentType _ ->
          reply.withBody("text/html; charset=utf-8", List.of(page()));
      case Misbehaviour.EmptyBody _ -> reply.withBody(reply.contentType(), List.of());
      case Misbehaviour.HugeBody(long bytes) ->
          reply.withBody(reply.contentType(), huge(reply.streamed(), bytes));
      case Misbehaviour.UnfinishedStream _ ->
          reply.withBody(reply.contentType(), firstHalf(reply.parts()));
      case Misbehaviour.StreamError _ -> {
        var parts = new ArrayList<>(firstHalf(reply.parts()));
        parts.add(
            operation
                .streamError(operation.protocol().inStream())
                .getBytes(StandardCharsets.UTF_8));
        yield reply.withBody(reply.contentType(), parts);
      }
    };
  }

  private static Reply malformed(Reply reply) {
    var parts = new ArrayList<>(reply.parts());
    int middle = parts.size() / 2;
    byte[] part = parts.get(middle);
    byte[] half = Arrays.copyOf(part, part.length / 2);
    if (reply.streamed()) {
      byte[] frame = Arrays.copyOf(half, half.length + 2);
      frame[half.length] = '\n';
      frame[half.length + 1] = '\n';
      parts.set(middle, frame);
    } else {
      parts.set(middle, half);
    }
    return reply.withBody(reply.contentType(), parts);
  }

  private static List<byte[]> firstHalf(List<byte[]> parts) {
    return parts.subList(0, Math.max(1, parts.size() / 2));
  }

  private static byte[] page() {
    return "<!DOCTYPE html><html><body><h1>Welcome</h1><p>Please sign in.</p></body></html>\n"
        .getBytes(StandardCharsets.UTF_8);
  }

  /** One JSON text, or one event, of so many bytes, and without an end. */
  private static List<byte[]> huge(boolean streamed, long bytes) {
    byte[] start =
        ((streamed ? "data: " : "") + "{\"padding\":\"").getBytes(StandardCharsets.UTF_8);
    byte[] filler = new byte[HUGE_PART_BYTES];
    Arrays.fill(filler, (byte) 'x');
    var parts = new ArrayList<byte[]>();
    parts.add(start);
    parts.addAll(Collections.nCopies((int) (bytes / HUGE_PART_BYTES), filler));
    parts.add(Arrays.copyOf(filler, (int) (bytes % HUGE_PART_BYTES)));
    return parts;
  }
}
