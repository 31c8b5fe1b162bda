package dev.penstock.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class EndpointTest {
  @Test
  void pathsGoBelowTheBase() {
    assertThat(Endpoint.of("https://host:8443/a/v1/", false).at("/chat?x=1"))
        .isEqualTo(URI.create("https://host:8443/a/v1/chat?x=1"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://host",
        "http://localhost:11434/v1",
        "http://127.0.0.1",
        "http://[::1]:80"
      })
  void encryptedOrOnThisMachineIsAllowed(String url) {
    assertThat(Endpoint.of(url, false).base()).isEqualTo(URI.create(url));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://host/v1",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "ftp://host",
        "https:///v1",
        "host",
        "https://key@host",
        "https://host?x=1",
        "https://host#x",
        "https://ho st",
        ""
      })
  void anythingElseIsRefused(String url) {
    assertThatThrownBy(() -> Endpoint.of(url, false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("base-url")
        .hasMessageNotContaining("key@");
  }

  @Test
  void unencryptedIsAllowedWhenItIsWanted() {
    assertThat(Endpoint.of("http://inside/v1", true).host()).isEqualTo("inside");
  }

  @ParameterizedTest
  @ValueSource(strings = {"https://other/v1", "http://host/v1", "https://host:444/v1"})
  void requestsToAnotherHostAreRefused(String target) {
    Endpoint endpoint = Endpoint.of("https://host/v1", false);
    endpoint.check(URI.create("https://HOST/v1/chat"));
    assertThatThrownBy(() -> endpoint.check(URI.create(target)))
        .isInstanceOf(IllegalStateException.class);
  }
}
