package dev.penstock.local.embed;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated
@DisabledOnOs(OS.WINDOWS)
final class NativeRuntimeTest {
  private static final String PATH = "onnxruntime.native.path";
  private final String before = System.getProperty(PATH, "");

  @AfterEach
  void restore() {
    if (before.isEmpty()) {
      System.clearProperty(PATH);
    } else {
      System.setProperty(PATH, before);
    }
  }

  @Test
  void noFileOutlivesTheLoad() throws IOException {
    System.clearProperty(PATH);
    Path directory;
    try (var runtime = NativeRuntime.unpack()) {
      assertThat(runtime).isNotNull();
      directory = Path.of(System.getProperty(PATH));
      assertThat(directory).isDirectoryContaining("glob:**onnxruntime*");
      assertThat(directory.resolve(System.mapLibraryName("onnxruntime"))).isNotEmptyFile();
    }
    assertThat(Files.exists(directory)).isFalse();
  }

  @Test
  void librariesThatSomeoneElseChoseAreLeftAlone() throws IOException {
    System.setProperty(PATH, "/opt/onnx");
    try (var runtime = NativeRuntime.unpack()) {
      assertThat(runtime).isNotNull();
      assertThat(System.getProperty(PATH)).isEqualTo("/opt/onnx");
    }
  }
}
