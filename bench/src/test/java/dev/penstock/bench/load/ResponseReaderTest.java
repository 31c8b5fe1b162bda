package dev.penstock.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class ResponseReaderTest {
  private static final String SIZED =
      http(
          """
          HTTP/1.1 202 Accepted
          Content-Length: 5
          Connection: keep-alive

          hello\
          """);
  private static final String CHUNKED =
      http(
          """
          HTTP/1.1 200 OK
          Transfer-Encoding: chunked

          5;x=y
          hello
          1
          !
          0
          Trailer: t

          """);
  private static final String EMPTY =
      http(
          """
          HTTP/1.1 204 No Content

          """);
  private static final String CONTINUED =
      http(
              """
              HTTP/1.1 100 Continue

              """)
          + SIZED;

  private static String http(String text) {
    return text.replace("\n", "\r\n");
  }

  @Test
  void readsAnswersHoweverTheirBytesAreSplit() {
    check(SIZED, 202, 5);
    check(CHUNKED, 200, 6);
    check(EMPTY, 204, 0);
    check(CONTINUED, 202, 5);
  }

  private static void check(String answer, int status, long bodyBytes) {
    byte[] bytes = answer.getBytes(StandardCharsets.ISO_8859_1);
    for (int cut = 0; cut < bytes.length; cut++) {
      var reader = new ResponseReader();
      assertThat(reader.take(ByteBuffer.wrap(Arrays.copyOf(bytes, cut)))).isFalse();
      assertThat(reader.take(ByteBuffer.wrap(bytes, cut, bytes.length - cut))).isTrue();
      assertThat(reader.status()).isEqualTo(status);
      assertThat(reader.bodyBytes()).isEqualTo(bodyBytes);
    }
  }

  @Test
  void leavesWhatFollowsTheAnswer() {
    var reader = new ResponseReader();
    var bytes = ByteBuffer.wrap((SIZED + EMPTY).getBytes(StandardCharsets.ISO_8859_1));
    assertThat(reader.take(bytes)).isTrue();
    assertThat(bytes.position()).isEqualTo(SIZED.length());
    reader.reset();
    assertThat(reader.take(bytes)).isTrue();
    assertThat(reader.status()).isEqualTo(204);
  }

  @Test
  void saysThatTheServerCloses() {
    var reader = new ResponseReader();
    reader.take(
        ByteBuffer.wrap(
            http("HTTP/1.1 400 Bad Request\nConnection: close\nContent-Length: 0\n\n")
                .getBytes(StandardCharsets.ISO_8859_1)));
    assertThat(reader.closes()).isTrue();
  }

  @Test
  void refusesWhatIsNotHttp() {
    assertThatThrownBy(() ->
            new ResponseReader()
                .take(ByteBuffer.wrap("SSH-2.0\r\n".getBytes(StandardCharsets.ISO_8859_1))))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("SSH-2.0");
  }
}
