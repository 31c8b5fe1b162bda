package dev.penstock.worker.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.config.ConfigException;
import dev.penstock.config.Settings;
import dev.penstock.config.SettingsReader;
import dev.penstock.job.TenantId;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class BudgetRulesTest {
  private static BudgetRules read(Settings settings) {
    SettingsReader reader = settings.reader();
    BudgetRules rules = BudgetRules.read(reader, Set.of("fast"));
    return reader.build(() -> rules);
  }

  @Test
  void budgetsAreReadByTenantRouteAndPeriod() {
    BudgetRules rules =
        read(
            Settings.of(
                Map.of(
                    "worker.budget.tenant.acme.eu.per-day", "12.50",
                    "worker.budget.tenant.acme.eu.per-month", "100",
                    "worker.budget.tenant.*.per-hour", "0.000000001",
                    "worker.budget.route.fast.per-hour", "0")));
    assertThat(rules)
        .isEqualTo(
            new BudgetRules(
                Map.of(
                    "acme.eu",
                    Map.of(Period.DAY, 12_500_000_000L, Period.MONTH, 100_000_000_000L),
                    "*",
                    Map.of(Period.HOUR, 1L)),
                Map.of("fast", Map.of(Period.HOUR, 0L))));
    assertThat(rules.isEmpty()).isFalse();
  }

  @Test
  void withoutSettingsThereAreNone() {
    assertThat(read(Settings.of(Map.of()))).isEqualTo(BudgetRules.NONE);
    assertThat(BudgetRules.NONE.isEmpty()).isTrue();
  }

  @Test
  void budgetsMayStandInTheEnvironment() {
    BudgetRules rules =
        read(
            Settings.load(
                Optional.empty(),
                Map.of("PENSTOCK_WORKER_BUDGET_TENANT_ACME_PER_DAY", "3"),
                Map.of()));
    assertThat(rules.tenants())
        .containsExactly(Map.entry("acme", Map.of(Period.DAY, 3_000_000_000L)));
  }

  @Test
  void aRuleOfOnesOwnTakesThePlaceOfTheDefault() {
    BudgetRules rules =
        read(
            Settings.of(
                Map.of(
                    "worker.budget.tenant.acme.per-day", "1",
                    "worker.budget.tenant.*.per-hour", "2")));
    var own = Objects.requireNonNull(rules.ofTenant(new TenantId("acme")));
    assertThat(own.limits()).containsOnlyKeys(Period.DAY);
    var others = Objects.requireNonNull(rules.ofTenant(new TenantId("globex")));
    assertThat(others.limits()).containsOnlyKeys(Period.HOUR);
    assertThat(rules.ofKey(others.key())).isEqualTo(others);
    assertThat(rules.ofKey(own.key())).isEqualTo(own);
    assertThat(rules.ofRoute("fast")).isNull();
  }

  @Test
  void everythingThatIsWrongIsTold() {
    assertThatThrownBy(() ->
            read(
                Settings.of(
                    Map.of(
                        "worker.budget.tenant.Acme.per-day", "1",
                        "worker.budget.route.slow.per-day", "1",
                        "worker.budget.tenant.acme.per-week", "1",
                        "worker.budget.tenant.per-day", "1",
                        "worker.budget.provider.x.per-day", "1",
                        "worker.budget.tenant.a.per-day", "-1",
                        "worker.budget.tenant.b.per-day", "1.0000000001",
                        "worker.budget.tenant.c.per-day", "1000000001",
                        "worker.budget.tenant.d.per-day", "much"))))
        .isInstanceOfSatisfying(
            ConfigException.class,
            e ->
                assertThat(e.errors())
                    .hasSize(9)
                    .anyMatch(error -> error.contains("Acme.per-day names no tenant"))
                    .anyMatch(error -> error.contains("slow.per-day names no route"))
                    .anyMatch(error -> error.contains("[fast]"))
                    .anyMatch(error -> error.contains("per-hour, per-day or per-month"))
                    .anyMatch(error -> error.contains("'much'")));
  }
}
