package dev.penstock.streams.view;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.Test;

final class GroupContactTest {
  private final GroupContact contact = new GroupContact();

  @Test
  void holdsWhileEveryConsumerWasHeardOfLately() {
    contact.watch(() -> -1);
    contact.watch(() -> 3);
    assertThat(contact.holds()).isTrue();
  }

  @Test
  void isLostWhenOneConsumerIsSilentForTooLong() {
    contact.watch(() -> 0);
    contact.watch(() -> 4);
    assertThat(contact.holds()).isFalse();
  }

  @Test
  void aConsumerThatWasClosedDoesNotCount() {
    DoubleSupplier silent = () -> 60;
    contact.watch(silent);
    contact.forget(silent);
    assertThat(contact.holds()).isTrue();
  }
}
