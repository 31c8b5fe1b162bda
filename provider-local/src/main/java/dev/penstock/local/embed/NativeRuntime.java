package dev.penstock.local.embed;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The native libraries of ONNX Runtime as files, as long as they are needed. Left alone, ONNX
 * Runtime unpacks 17 MB into the temporary directory and removes them at the end of the process,
 * hence never when the process is killed. A loaded library needs no file on Linux and macOS, so
 * here it goes as soon as it is loaded.
 */
final class NativeRuntime implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(NativeRuntime.class);
  private static final String PATH_PROPERTY = "onnxruntime.native.path";
  private static final List<String> LIBRARIES = List.of("onnxruntime", "onnxruntime4j_jni");

  private final List<Path> files;

  private NativeRuntime(List<Path> files) {
    this.files = files;
  }

  /**
   * Writes the libraries into a new directory that only this user may enter. Where someone else has
   * said where they are, or there are none for this platform, ONNX Runtime is left alone.
   */
  static synchronized NativeRuntime unpack() throws IOException {
    String directory = "/ai/onnxruntime/native/" + platform() + "/";
    if (System.getProperty(PATH_PROPERTY) != null
        || platform().startsWith("win")
        || OrtEnvironment.class.getResource(directory + System.mapLibraryName("onnxruntime"))
            == null) {
      return new NativeRuntime(List.of());
    }
    Path target = Files.createTempDirectory("penstock-onnxruntime");
    var files = new ArrayList<Path>(List.of(target));
    for (String library : LIBRARIES) {
      String name = System.mapLibraryName(library);
      Path file = target.resolve(name);
      files.addFirst(file);
      try (InputStream bytes = OrtEnvironment.class.getResourceAsStream(directory + name)) {
        if (bytes != null) {
          Files.copy(bytes, file);
        }
      }
    }
    System.setProperty(PATH_PROPERTY, target.toString());
    return new NativeRuntime(files);
  }

  /** Loads the libraries. */
  OrtEnvironment load() throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    environment.setTelemetry(false);
    return environment;
  }

  private static String platform() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    return (os.startsWith("mac") ? "osx" : os.startsWith("win") ? "win" : "linux")
        + (arch.equals("aarch64") || arch.equals("arm64") ? "-aarch64" : "-x64");
  }

  /** Removes the files. */
  @Override
  public void close() {
    for (Path file : files) {
      try {
        Files.deleteIfExists(file);
      } catch (IOException e) {
        log.warn("a temporary file of ONNX Runtime could not be removed: {}", file, e);
      }
    }
  }
}
