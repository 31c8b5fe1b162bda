package dev.penstock.broker;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class FreePortTest {
  @Test
  void freePortsLieBelowThoseOfOutgoingConnections() {
    assertThat(FreePort.find()).isBetween(20_000, 32_000);
  }
}
