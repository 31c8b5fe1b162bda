package dev.penstock.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.codec.Json;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

final class ReportTest {
  private static final Report REPORT =
      new Report(
          "worker",
          "in words",
          0.61234567,
          Map.of("ceiling", new Samples("jobs/s", List.of(81_234.5678, 3.0, 90_000.0, 85_000.0))),
          Map.of("jobs", 10));

  @Test
  void jsonHoldsTheRatioItsPartsTheConfigurationAndTheVersions() {
    JsonNode json = Json.MAPPER.readTree(REPORT.json());

    assertThat(REPORT.json()).doesNotContain("\n");
    assertThat(json.get("bench").asString()).isEqualTo("worker");
    assertThat(json.get("ratio").asDouble()).isEqualTo(0.6123);
    JsonNode ceiling = json.get("parts").get("ceiling");
    assertThat(ceiling.get("unit").asString()).isEqualTo("jobs/s");
    assertThat(ceiling.get("median").asDouble()).isEqualTo(83_117.3);
    assertThat(ceiling.get("min").asDouble()).isEqualTo(3);
    assertThat(ceiling.get("max").asDouble()).isEqualTo(90_000);
    assertThat(ceiling.get("rounds").size()).isEqualTo(4);
    assertThat(json.get("configuration").get("jobs").asInt()).isEqualTo(10);
    assertThat(json.get("versions").propertyNames())
        .containsExactly("penstock", "java", "kafka", "os", "arch", "cores");
    assertThat(json.get("versions").get("penstock").asString()).matches("\\d+\\.\\d+\\.\\d+.*");
    assertThat(json.get("versions").get("kafka").asString()).matches("\\d+\\.\\d+\\.\\d+.*");
  }

  @Test
  void theTableNamesTheRatioAndEachPart() {
    assertThat(REPORT.table())
        .contains("worker: 0.612", "in words", "ceiling", "83,117", "jobs/s", "jobs 10");
  }

  @Test
  void thePageNamesTheCommandAndEachFigure() {
    assertThat(REPORT.markdown("./penstock bench worker", "worker.svg"))
        .contains("**0.612**", "./penstock bench worker\n", "![](worker.svg)")
        .contains(
            "| ceiling | 83,117 | 3.000 | 90,000 | jobs/s | 4 |", "| jobs | 10 |", "| kafka |");
  }

  @Test
  void thePlotIsSoundXmlWithABarForEachPart() throws Exception {
    String plot =
        Plot.of(
            "a < b & c",
            Map.of("x", new Samples("", List.of(0.5)), "y", new Samples("ms", List.of(0.0))));

    var document =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new ByteArrayInputStream(plot.getBytes(StandardCharsets.UTF_8)));
    assertThat(document.getDocumentElement().getTagName()).isEqualTo("svg");
    assertThat(document.getElementsByTagName("line").getLength()).isEqualTo(2);
    assertThat(document.getElementsByTagName("text").item(0).getTextContent())
        .isEqualTo("a < b & c");
  }

  @Test
  void theMedianOfAnOddNumberIsTheMiddleOne() {
    assertThat(new Samples("x", List.of(5.0, 1.0, 2.0)).median()).isEqualTo(2);
  }

  @Test
  void noRoundsIsRefused() {
    assertThatThrownBy(() -> new Samples("x", List.of()))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
