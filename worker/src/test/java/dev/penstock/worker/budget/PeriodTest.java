package dev.penstock.worker.budget;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PeriodTest {
  @Test
  void periodsAreThoseOfTheCalendarInUtc() {
    Instant at = Instant.parse("2027-12-31T23:59:59.999Z");
    for (Period period : Period.values()) {
      Period.Window window = period.at(at);
      assertThat(window.end()).isEqualTo(Instant.parse("2028-01-01T00:00:00Z"));
      assertThat(window.contains(at)).isTrue();
      assertThat(window.contains(window.end())).isFalse();
      assertThat(window.contains(window.start())).isTrue();
      assertThat(Period.Window.parse(window.name())).contains(window);
    }
    assertThat(List.of(Period.values()))
        .extracting(period -> period.at(at).name())
        .containsExactly("2027-12-31T23", "2027-12-31", "2027-12");
  }

  @Test
  void aNameThatIsNoneIsNothing() {
    for (String name :
        List.of("", "2027", "2027-13", "2027-02-30", "2027-02-28T24", "2027-02-28T2")) {
      assertThat(Period.Window.parse(name)).as(name).isEmpty();
    }
  }
}
