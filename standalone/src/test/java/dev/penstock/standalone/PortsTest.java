package dev.penstock.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.lifecycle.StartException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;

class PortsTest {
  @Test
  void aTakenPortIsSaidWithWhatToDo() throws IOException {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = taken.getLocalPort();

      assertThatThrownBy(() -> new Ports().exactly(port, "the API", "--port"))
          .isInstanceOf(StartException.class)
          .hasMessage(
              "port "
                  + port
                  + " for the API is taken; stop what listens there (lsof -i :"
                  + port
                  + " tells), or give another one with --port");
    }
  }

  @Test
  void aPreferredPortThatIsTakenIsReplaced() throws IOException {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThat(new Ports().preferably(taken.getLocalPort())).isNotEqualTo(taken.getLocalPort());
    }
  }

  @Test
  void aReservedPortIsKeptFromOthersUntilItIsUsed() throws IOException {
    var ports = new Ports();
    int port = ports.reserve(ports.exactly(0, "the API", "--port"));
    try {
      assertThatThrownBy(() -> new Ports().exactly(port, "the API", "--port"))
          .isInstanceOf(StartException.class);
    } finally {
      ports.release();
    }

    try (var used = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      assertThat(used.getLocalPort()).isEqualTo(port);
    }
  }

  @Test
  void noPortIsGivenTwice() {
    var ports = new Ports();
    int first = ports.exactly(0, "the API", "--port");

    assertThat(ports.preferably(first)).isNotEqualTo(first);
  }
}
