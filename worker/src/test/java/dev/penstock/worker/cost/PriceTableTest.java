package dev.penstock.worker.cost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.job.Usage;
import dev.penstock.provider.CallReport;
import dev.penstock.provider.Target;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PriceTableTest {
  private static final String TABLE =
      """
      {"currency": "USD", "prices": [
        {"provider": "a", "model": "big*", "from": "2026-01-01", "input": 2, "output": 10},
        {"provider": "a", "model": "big-fast*", "from": "2026-01-01",
         "input": 1, "cachedInput": 0.25, "output": 4},
        {"provider": "a", "model": "big-fast*", "from": "2026-07-01",
         "input": 0.5, "cachedInput": 0.125, "output": 2},
        {"provider": "a", "model": "", "from": "2026-01-01", "input": 7, "output": 7}]}
      """
          .replace("\"model\": \"\"", "\"model\": \"*\"");
  private static final LocalDate MAY = LocalDate.of(2026, 5, 1);
  private static final LocalDate AUGUST = LocalDate.of(2026, 8, 1);
  private static final Usage USAGE = new Usage(1_000, 100, 200);

  private static OptionalLong cost(String provider, LocalDate day, String... models) {
    return PriceTable.read(TABLE).costNanos(provider, List.of(models), day, USAGE);
  }

  @Test
  void cachedTokensHaveTheirOwnPrice() {
    // 800 at 1 + 200 at 0.25 + 100 at 4, for a million each.
    assertThat(cost("a", MAY, "big-fast-2026")).hasValue(800_000 + 50_000 + 400_000);
    // No price for cached ones: as any other input.
    assertThat(cost("a", MAY, "big-2")).hasValue(2_000_000 + 1_000_000);
  }

  @Test
  void theNarrowestNameAndTheLatestDayCount() {
    assertThat(cost("a", AUGUST, "big-fast-2026")).hasValue(400_000 + 25_000 + 200_000);
    assertThat(cost("a", AUGUST, "small")).hasValue(7_700_000);
  }

  @Test
  void whatHasNoPriceHasNoCost() {
    assertThat(cost("b", MAY, "big")).isEmpty();
    assertThat(cost("a", LocalDate.of(2025, 12, 31), "big")).isEmpty();
  }

  @Test
  void aFractionOfABillionthIsRoundedHalfUp() {
    var table =
        PriceTable.read(
            "{\"currency\":\"EUR\",\"prices\":[{\"provider\":\"a\",\"model\":\"e\",\"from\":\"2026-01-01\","
                + "\"input\":0.0005,\"output\":0}]}");
    assertThat(table.costNanos("a", List.of("e"), MAY, new Usage(1, 0, 0))).hasValue(1);
    assertThat(table.costNanos("a", List.of("e"), MAY, new Usage(3, 0, 0))).hasValue(2);
    assertThat(table.currency()).isEqualTo("EUR");
  }

  @Test
  void everyErrorIsToldWithItsPlace() {
    assertThatThrownBy(() ->
            PriceTable.read(
                "{\"currency\":\"usd\",\"colour\":1,\"prices\":[{\"provider\":\"\",\"model\":\"m\","
                    + "\"from\":\"soon\",\"input\":-1,\"output\":\"2\"},7]}"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(
            "currency is 'usd'",
            "colour is not a known field",
            "prices[0].provider must",
            "prices[0].from must be a day",
            "prices[0].input must be a number from 0",
            "prices[0].output must be a number",
            "prices[1] must be an object");
    assertThatThrownBy(() -> PriceTable.read("[")).hasMessageContaining("not JSON (line 1, column");
    String twice =
        "{\"provider\":\"a\",\"model\":\"m\",\"from\":\"2026-01-01\",\"input\":1,\"output\":1}";
    assertThatThrownBy(() ->
            PriceTable.read("{\"currency\":\"USD\",\"prices\":[" + twice + "," + twice + "]}"))
        .hasMessageContaining("two prices of a:m from 2026-01-01");
  }

  @Test
  void aChangedFileCountsAndABrokenOneDoesNot(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("prices.json");
    Files.writeString(file, TABLE);
    var prices = Prices.of(file);
    var report = new CallReport("big-fast-2026", null, USAGE, null, null);
    Target target = Target.of("a:big-fast");
    Instant may = Instant.parse("2026-05-01T00:00:00Z");
    assertThat(prices.costNanos(target, report, may)).hasValue(1_250_000);

    Files.writeString(file, TABLE.replace("\"output\": 4", "\"output\": 5"));
    Files.setLastModifiedTime(file, FileTime.from(may.plusSeconds(1)));
    assertThat(prices.costNanos(target, report, may.plusSeconds(1))).hasValue(1_250_000);
    assertThat(prices.costNanos(target, report, may.plusSeconds(11))).hasValue(1_350_000);

    Files.writeString(file, "{");
    Files.setLastModifiedTime(file, FileTime.from(may.plusSeconds(2)));
    assertThat(prices.costNanos(target, report, may.plusSeconds(30))).hasValue(1_350_000);
    assertThat(prices.costNanos(target, CallReport.NONE, may)).isEmpty();
  }
}
