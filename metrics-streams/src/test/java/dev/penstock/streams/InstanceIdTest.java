package dev.penstock.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.lifecycle.StartException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class InstanceIdTest {
  @TempDir Path directory;

  @Test
  void anInstanceKeepsItsIdWithItsStateAndNoTwoShareOne() {
    String id = InstanceId.in(directory.resolve("a/b"));
    assertThat(InstanceId.in(directory.resolve("a/b"))).isEqualTo(id);
    assertThat(InstanceId.in(directory.resolve("c"))).isNotEqualTo(id);
  }

  @Test
  void anIdThatWasCutOffIsMadeAnew() throws Exception {
    Files.writeString(directory.resolve("instance-id"), "12");
    assertThat(InstanceId.in(directory)).hasSize(36).isEqualTo(InstanceId.in(directory));
  }

  @Test
  void aDirectoryThatCannotBeUsedIsSaidSo() throws Exception {
    Path file = Files.createFile(directory.resolve("file"));
    assertThatThrownBy(() -> InstanceId.in(file))
        .isInstanceOf(StartException.class)
        .hasMessageContaining("streams.state-dir");
  }
}
