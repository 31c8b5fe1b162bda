package dev.penstock.fake;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Sends one answer over time: a whole one after the latency, a streamed one spread evenly over it.
 * Sees it when the client goes away meanwhile.
 */
final class Delivery {
  /** A drip takes so many steps at most. */
  private static final int MAX_DRIPS = 10_000;

  private final Connection connection;
  private final Duration latency;
  private final Ending ending;
  private boolean ended;

  /** What became of it. */
  enum End {
    /** All bytes are sent. */
    SENT,
    /** Some bytes are sent, as the script wants it; the connection is closed. */
    BROKEN_OFF,
    /** The client closed the connection before the end. */
    CLIENT_GONE
  }

  /** Is told of the end. */
  @FunctionalInterface
  interface Ending {
    /** Called once, before the client can know that its call is over. */
    void ends(End end);
  }

  Delivery(Connection connection, Duration latency, Ending ending) {
    this.connection = connection;
    this.latency = latency;
    this.ending = ending;
  }

  /**
   * Sends it.
   *
   * @param fault what goes wrong with the bytes, or null
   */
  End send(Reply reply, Misbehaviour.@Nullable Bytes fault) throws InterruptedException {
    End end = End.CLIENT_GONE;
    try {
      end =
          switch (fault) {
            case null -> whole(reply);
            case Misbehaviour.Drip(Duration over) -> drip(reply, over);
            case Misbehaviour.Cut(double at) -> part(reply, at, true);
            case Misbehaviour.Reset(double at) -> {
              End broken = part(reply, at, true);
              if (broken == End.BROKEN_OFF) {
                connection.reset();
              }
              yield broken;
            }
            case Misbehaviour.Hang(double at, Duration time) -> {
              End broken = part(reply, at, false);
              yield broken == End.BROKEN_OFF && !connection.isThereAfter(time)
                  ? End.CLIENT_GONE
                  : broken;
            }
          };
      return end;
    } catch (IOException _) {
      return End.CLIENT_GONE;
    } finally {
      end(end);
    }
  }

  private End whole(Reply reply) throws IOException, InterruptedException {
    OutputStream out = connection.out();
    Duration step = latency.dividedBy(reply.streamed() ? reply.parts().size() + 1L : 1L);
    if (!connection.isThereAfter(step)) {
      return End.CLIENT_GONE;
    }
    if (!reply.streamed() || reply.parts().isEmpty()) {
      end(End.SENT);
    }
    out.write(reply.head());
    if (reply.streamed()) {
      out.flush();
    }
    for (int i = 0; i < reply.parts().size(); i++) {
      if (reply.streamed()) {
        if (!connection.isThereAfter(step)) {
          return End.CLIENT_GONE;
        }
        if (i == reply.parts().size() - 1) {
          end(End.SENT);
        }
      }
      out.write(reply.framed(reply.parts().get(i)));
      if (reply.streamed()) {
        out.flush();
      }
    }
    out.write(reply.end());
    out.flush();
    return End.SENT;
  }

  private End drip(Reply reply, Duration over) throws IOException, InterruptedException {
    byte[] wire = wire(reply);
    int steps = Math.min(wire.length, MAX_DRIPS);
    Duration step = over.dividedBy(steps);
    int sent = 0;
    for (int i = 1; i <= steps; i++) {
      if (!connection.isThereAfter(step)) {
        return End.CLIENT_GONE;
      }
      if (i == steps) {
        end(End.SENT);
      }
      int until = (int) ((long) wire.length * i / steps);
      connection.out().write(wire, sent, until - sent);
      connection.out().flush();
      sent = until;
    }
    return End.SENT;
  }

  /** The head and the first part of the body; nothing at all when {@code at} is 0. */
  private End part(Reply reply, double at, boolean isTheEnd)
      throws IOException, InterruptedException {
    if (!connection.isThereAfter(latency)) {
      return End.CLIENT_GONE;
    }
    if (isTheEnd) {
      end(End.BROKEN_OFF);
    }
    if (at > 0) {
      byte[] head = reply.head();
      byte[] wire = wire(reply);
      int body = wire.length - head.length;
      int bytes = Math.min((int) Math.ceil(body * at), body - 1);
      connection.out().write(wire, 0, head.length + Math.max(bytes, 0));
      connection.out().flush();
    }
    return End.BROKEN_OFF;
  }

  private static byte[] wire(Reply reply) {
    var wire = new ByteArrayOutputStream();
    wire.writeBytes(reply.head());
    reply.parts().forEach(part -> wire.writeBytes(reply.framed(part)));
    wire.writeBytes(reply.end());
    return wire.toByteArray();
  }

  private void end(End end) {
    if (!ended) {
      ended = true;
      ending.ends(end);
    }
  }
}
