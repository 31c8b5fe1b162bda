package dev.penstock.streams;

import dev.penstock.broker.EmbeddedBroker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Installations for the tests of a class, on one broker for all classes of this JVM: one that all
 * tests share, with an instance that runs as long as the class does, and one of each test's own. In
 * the shared one a test may rely on its own jobs alone.
 */
final class Installations
    implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback {
  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(Installations.class);

  /** Ended with the session, after the last class of this JVM. */
  private record Shared(EmbeddedBroker broker, Path directory) implements AutoCloseable {
    static Shared start() {
      try {
        Path directory = Files.createTempDirectory("penstock-broker");
        return new Shared(EmbeddedBroker.start(directory, 0), directory);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void close() throws IOException {
      broker.close();
      delete(directory);
    }
  }

  private final String prefix;
  private @Nullable EmbeddedBroker broker;
  private @Nullable Path directory;
  private @Nullable Harness common;
  private @Nullable StreamsService service;
  private String test = "";
  private @Nullable Harness own;

  Installations() {
    this("");
  }

  /**
   * @param prefix of the topics that all tests share; empty for the name of their class
   */
  Installations(String prefix) {
    this.prefix = prefix;
  }

  EmbeddedBroker broker() {
    return existing(broker);
  }

  /** The installation of all tests of the class. */
  Harness common() {
    return existing(common);
  }

  /** An instance in {@link #common} that no test stops, ready. */
  StreamsService service() {
    if (service == null) {
      service = common().start("common", Map.of());
    }
    return service;
  }

  /** An installation of this test alone. */
  Harness own() {
    if (own == null) {
      own = new Harness(broker(), test + ".", existing(directory).resolve(test));
    }
    return own;
  }

  private static <T> T existing(@Nullable T value) {
    if (value == null) {
      throw new IllegalStateException("there is one only while a test runs");
    }
    return value;
  }

  @Override
  public void beforeAll(ExtensionContext context) throws IOException {
    broker =
        context
            .getStore(ExtensionContext.StoreScope.LAUNCHER_SESSION, NAMESPACE)
            .computeIfAbsent(Shared.class, _ -> Shared.start(), Shared.class)
            .broker();
    directory = Files.createTempDirectory("penstock-streams");
    String name = context.getRequiredTestClass().getSimpleName();
    common = new Harness(broker, prefix.isEmpty() ? name + "." : prefix, directory);
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    test =
        context.getRequiredTestClass().getSimpleName()
            + "."
            + context.getRequiredTestMethod().getName();
  }

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    if (own != null) {
      own.close();
      own = null;
    }
  }

  @Override
  public void afterAll(ExtensionContext context) throws Exception {
    common().close();
    common = null;
    service = null;
    delete(existing(directory));
  }

  private static void delete(Path directory) throws IOException {
    try (var paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
