package dev.penstock.api.http;

import io.helidon.common.buffers.DataReader.IncorrectNewLineException;
import io.helidon.http.DirectHandler;
import io.helidon.http.RequestException;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import java.io.IOException;
import java.io.InputStream;

/**
 * A request's body. Where its framing is wrong, the server throws what it happens to; this tells.
 */
final class FramedBody extends InputStream {
  private final InputStream in;

  private FramedBody(InputStream in) {
    this.in = in;
  }

  static InputStream of(ServerRequest request) {
    return new FramedBody(request.content().inputStream());
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    try {
      return in.read(buffer, offset, length);
    } catch (NumberFormatException | IncorrectNewLineException e) {
      throw RequestException.builder()
          .type(DirectHandler.EventType.BAD_REQUEST)
          .status(Status.BAD_REQUEST_400)
          .message("the framing of the body is not valid")
          .cause(e)
          .setKeepAlive(false)
          .build();
    }
  }
}
