package dev.penstock.runtime.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

final class ServiceProcessTest {
  @Test
  void optionsBecomeSettings() {
    var reader =
        ServiceProcess.settings(
                new String[] {
                  "--bootstrap", "kafka:9092", "--set", "worker.slots=7", "--set", "a.b=x=y"
                },
                Map.of("PENSTOCK_WORKER_ID", "w7"))
            .reader();
    assertThat(reader.text("kafka.bootstrap", "")).isEqualTo("kafka:9092");
    assertThat(reader.integer("worker.slots", 1, 1, 10)).isEqualTo(7);
    assertThat(reader.text("a.b", "")).isEqualTo("x=y");
    assertThat(reader.text("worker.id", "")).isEqualTo("w7");
  }

  @Test
  void aWrongOptionIsNamedWithThoseThatAreKnown() {
    assertThatThrownBy(() -> ServiceProcess.settings(new String[] {"--boostrap", "x"}, Map.of()))
        .hasMessageContaining("--boostrap")
        .hasMessageContaining("--bootstrap HOST:PORT");
    assertThatThrownBy(() -> ServiceProcess.settings(new String[] {"--set", "novalue"}, Map.of()))
        .hasMessageContaining("KEY=VALUE");
    assertThatThrownBy(() -> ServiceProcess.settings(new String[] {"--config"}, Map.of()))
        .hasMessageContaining("--config");
  }
}
