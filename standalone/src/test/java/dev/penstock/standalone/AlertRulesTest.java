package dev.penstock.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** The files of {@code deploy/prometheus} and {@code deploy/grafana} say what they have to. */
final class AlertRulesTest {
  private static final Path RULES = Repository.root().resolve("deploy/prometheus");
  private static final Path RUNBOOKS = Repository.root().resolve("docs/operations.md");
  private static final String RUNBOOK_URL = "https://penstock.dev/docs/operations.html#";

  private static JsonNode yaml(String file) throws IOException {
    return new YAMLMapper().readTree(Files.readString(RULES.resolve(file)));
  }

  private static List<JsonNode> rules(String file) throws IOException {
    var rules = new ArrayList<JsonNode>();
    yaml(file).path("groups").forEach(group -> group.path("rules").forEach(rules::add));
    return rules;
  }

  private static Set<String> alerts() throws IOException {
    return rules("alerts.rules.yml").stream()
        .map(rule -> rule.path("alert").asString())
        .collect(Collectors.toSet());
  }

  @Test
  void eachAlertSaysWhatItIsAndLeadsToARunbookThatIsThere() throws IOException {
    Set<String> anchors = anchors();
    List<JsonNode> alerts = rules("alerts.rules.yml");
    assertThat(alerts).hasSizeGreaterThan(25);
    for (JsonNode alert : alerts) {
      String name = alert.path("alert").asString();
      assertThat(name).matches("Penstock[A-Z][A-Za-z]+");
      assertThat(alert.at("/labels/severity").asString()).as(name).isIn("critical", "warning");
      assertThat(alert.at("/annotations/summary").asString("")).as(name).isNotBlank();
      assertThat(alert.at("/annotations/description").asString("")).as(name).isNotBlank();
      String url = alert.at("/annotations/runbook_url").asString();
      assertThat(url).as(name).startsWith(RUNBOOK_URL);
      assertThat(url.substring(RUNBOOK_URL.length()))
          .as(name)
          .isEqualTo(name.toLowerCase(Locale.ROOT))
          .isIn(anchors);
    }
  }

  @Test
  void eachRunbookIsThatOfAnAlertAndSaysWhatToDo() throws IOException {
    String page = Files.readString(RUNBOOKS);
    String[] parts = page.substring(page.indexOf("\n## Alerts\n")).split("\n### ", -1);
    var names = new HashSet<String>();
    for (int i = 1; i < parts.length; i++) {
      names.add(parts[i].lines().findFirst().orElseThrow());
      assertThat(parts[i])
          .contains("**What it means.**")
          .contains("**How to look.**")
          .contains("**What to do.**")
          .contains("**When it is over.**");
    }
    assertThat(names).isEqualTo(alerts());
  }

  /** As they are made of headings: lower case, without what is no letter, digit or hyphen. */
  private static Set<String> anchors() throws IOException {
    return Files.readString(RUNBOOKS)
        .lines()
        .filter(line -> line.startsWith("#"))
        .map(line -> line.replaceFirst("^#+ ", "").toLowerCase(Locale.ROOT).replace(' ', '-'))
        .map(line -> line.replaceAll("[^a-z0-9-]", ""))
        .collect(Collectors.toSet());
  }

  @Test
  void eachAlertIsShownToFireAndNotToFire() throws IOException {
    var fire = new HashSet<String>();
    var doNot = new HashSet<String>();
    for (JsonNode test : yaml("alerts.test.yml").path("tests")) {
      for (JsonNode asked : test.path("promql_expr_test")) {
        String expression = asked.path("expr").asString();
        String name = test.path("name").asString();
        assertThat(expression).contains("alertname=\"" + name + "\",alertstate=\"firing\"");
        (asked.path("exp_samples").isEmpty() ? doNot : fire).add(name);
      }
    }
    assertThat(fire).isEqualTo(alerts());
    assertThat(doNot).isEqualTo(alerts());
  }

  @Test
  void promtoolFindsTheRulesTrue() throws Exception {
    Tool promtool = promtool();
    for (String[] arguments :
        new String[][] {
          {"check", "config", "prometheus.yml"},
          {"test", "rules", "alerts.test.yml"}
        }) {
      Tool.Result result = promtool.run(RULES, arguments);
      assertThat(result.code()).as(result.output()).isZero();
      assertThat(result.output()).contains("SUCCESS");
    }
  }

  private static Tool promtool() {
    Optional<Tool> promtool = Tool.find("promtool");
    Assumptions.assumeTrue(promtool.isPresent(), PrometheusServer.INSTALL);
    return promtool.get();
  }

  @Test
  void eachPanelOfEachDashboardExplainsItself() throws IOException {
    List<Dashboard> dashboards = Dashboard.all();
    assertThat(dashboards)
        .extracting(Dashboard::file)
        .containsExactly(
            "intake.json", "kafka-streams.json", "overview.json", "providers.json", "workers.json");
    for (Dashboard dashboard : dashboards) {
      String name = dashboard.file().replace(".json", "");
      assertThat(dashboard.json().path("uid").asString()).isEqualTo("penstock-" + name);
      assertThat(dashboard.json().at("/templating/list/0/type").asString()).isEqualTo("datasource");
      for (JsonNode panel : dashboard.panels()) {
        String title = panel.path("title").asString();
        assertThat(panel.path("description").asString("")).as(title).isNotBlank();
        assertThat(panel.at("/fieldConfig/defaults/unit").asString("")).as(title).isNotBlank();
        assertThat(panel.path("targets")).as(title).isNotEmpty();
        for (JsonNode target : panel.path("targets")) {
          assertThat(target.at("/datasource/uid").asString()).isEqualTo("${datasource}");
        }
      }
      assertThat(dashboard.panels().stream().map(panel -> panel.path("id").asInt()))
          .doesNotHaveDuplicates();
    }
  }
}
