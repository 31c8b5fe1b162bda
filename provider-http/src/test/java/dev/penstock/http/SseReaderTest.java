package dev.penstock.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SseReaderTest {
  private static final int MAX_BYTES = 1_000;
  private static final String TEXT =
      "\uFEFF: a comment\r\n"
          + "event: one\rdata: é\r\n\r"
          + "data:two\ndata:  lines\nid: 7\nretry: 5\n\n"
          + "event: without data\n\n"
          + "data\n\n"
          + "data: cut off";

  @Test
  void eventsAreTheSameWhereverTheBytesAreCut() throws Exception {
    byte[] bytes = TEXT.getBytes(StandardCharsets.UTF_8);
    for (int cut = 0; cut <= bytes.length; cut++) {
      var stream = new ByteStream();
      stream.onNext(List.of(ByteBuffer.wrap(bytes, 0, cut)));
      stream.onNext(List.of(ByteBuffer.wrap(bytes, cut, bytes.length - cut)));
      stream.onComplete();
      assertThat(all(stream))
          .as("cut at " + cut)
          .containsExactly(
              new ServerSentEvent("one", "é"),
              new ServerSentEvent("", "two\n lines"),
              new ServerSentEvent("", ""));
    }
  }

  @Test
  void moreThanTheBoundIsAnError() {
    var stream = new ByteStream();
    stream.onNext(List.of(ByteBuffer.allocate(MAX_BYTES), ByteBuffer.allocate(1)));
    assertThatThrownBy(() -> all(stream)).isInstanceOf(SseReader.TooLargeException.class);
  }

  @Test
  void aLostConnectionIsNoEnd() {
    var stream = new ByteStream();
    stream.onNext(List.of(ByteBuffer.wrap("data: x\n".getBytes(StandardCharsets.UTF_8))));
    stream.onError(new IOException("reset"));
    assertThatThrownBy(() -> all(stream)).isInstanceOf(IOException.class);
  }

  @Test
  void silenceIsAnError() {
    assertThatThrownBy(() -> new SseReader(new ByteStream(), MAX_BYTES, Duration.ZERO).next())
        .isInstanceOf(HttpTimeoutException.class);
  }

  private static List<ServerSentEvent> all(ByteStream stream) throws Exception {
    var reader = new SseReader(stream, MAX_BYTES, Duration.ofMinutes(1));
    var events = new ArrayList<ServerSentEvent>();
    ServerSentEvent event = reader.next();
    while (event != null) {
      events.add(event);
      event = reader.next();
    }
    return events;
  }
}
