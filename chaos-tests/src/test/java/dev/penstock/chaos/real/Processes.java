package dev.penstock.chaos.real;

import dev.penstock.process.ChildJvm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The processes of one test, and the directory for their data and logs. After the test every
 * process is killed by its id, whatever the test did; when the test failed, the ends of the logs
 * are printed.
 */
final class Processes implements BeforeEachCallback, AfterEachCallback {
  private static final int SHOWN_LINES = 80;

  private final List<ChildJvm> started = new ArrayList<>();
  private final List<Observer> observers = new ArrayList<>();
  private Path directory = Path.of("");

  /** Where processes keep data and logs; deleted after the test. */
  Path directory() {
    return directory;
  }

  /** Starts a process; it need not be ended by the test. */
  synchronized ChildJvm start(ChildJvm.Command command) {
    ChildJvm child = ChildJvm.start(command, directory);
    started.add(child);
    return child;
  }

  /** An observer that is closed after the test. */
  synchronized Observer closing(Observer observer) {
    observers.add(observer);
    return observer;
  }

  @Override
  public void beforeEach(ExtensionContext context) throws IOException {
    directory = Files.createTempDirectory("penstock-chaos");
  }

  @Override
  public synchronized void afterEach(ExtensionContext context) throws InterruptedException {
    try {
      // While the broker is there to answer.
      observers.forEach(Observer::close);
      for (ChildJvm child : started) {
        child.kill();
      }
      if (context.getExecutionException().isPresent()) {
        System.err.println(context.getDisplayName() + " failed; the processes wrote:");
        started.stream().map(ChildJvm::name).distinct().forEach(this::show);
      }
    } finally {
      observers.clear();
      started.clear();
      delete();
    }
  }

  private void show(String name) {
    started.stream()
        .filter(child -> child.name().equals(name))
        .findFirst()
        .ifPresent(child -> System.err.println(child.logTail(SHOWN_LINES)));
  }

  private void delete() {
    try (var paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(directory + " can't be deleted", e);
    }
  }
}
