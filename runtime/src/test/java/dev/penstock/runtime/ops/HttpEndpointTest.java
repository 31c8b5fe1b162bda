package dev.penstock.runtime.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.lifecycle.Health;
import dev.penstock.lifecycle.StartException;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;

class HttpEndpointTest {
  @Test
  void aTakenPortIsAStartThatFails() throws Exception {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var endpoint =
          new HttpEndpoint("test-http", new HttpConfig("127.0.0.1", taken.getLocalPort()), _ -> {});

      assertThatThrownBy(endpoint::start)
          .isInstanceOf(StartException.class)
          .hasMessageContaining("test-http can't listen on 127.0.0.1:" + taken.getLocalPort());
      assertThat(endpoint.health()).isInstanceOf(Health.NotReady.class);
      endpoint.close();
    }
  }

  @Test
  void anyFreePortIsFoundAndLetGo() {
    var endpoint = new HttpEndpoint("test-http", new HttpConfig("127.0.0.1", 0), _ -> {});
    assertThat(endpoint.port()).isZero();

    endpoint.start();
    assertThat(endpoint.port()).isPositive();
    assertThat(endpoint.health()).isEqualTo(Health.READY);

    endpoint.close();
    assertThat(endpoint.health()).isInstanceOf(Health.Dead.class);
  }
}
