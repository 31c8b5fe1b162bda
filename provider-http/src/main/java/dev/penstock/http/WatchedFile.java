package dev.penstock.http;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a file says, read again when the file has changed, which is looked for at most once a
 * second. While it can't be read, or is wrong, what it said last holds. Thread-safe.
 */
final class WatchedFile<T> {
  private static final Logger log = LoggerFactory.getLogger(WatchedFile.class);
  private static final long PAUSE_NANOS = Duration.ofSeconds(1).toNanos();

  private final Path path;
  private final Reader<T> reader;
  private final LongSupplier nanoTime;

  private T content;
  private @Nullable Stamp stamp;
  private long lookedAt;
  private boolean broken;

  /** Makes bytes of a file into what they mean. */
  interface Reader<T> {
    /**
     * Reads it.
     *
     * @throws IllegalArgumentException when they mean nothing; the message does not have them
     */
    T read(Path path) throws IOException;
  }

  /** By what a changed file is told from the one before. */
  private record Stamp(long modifiedMillis, long bytes, @Nullable Object fileKey) {
    static Stamp of(Path path) throws IOException {
      var attributes = Files.readAttributes(path, BasicFileAttributes.class);
      return new Stamp(
          attributes.lastModifiedTime().toMillis(), attributes.size(), attributes.fileKey());
    }
  }

  /**
   * Reads the file for the first time.
   *
   * @throws IllegalArgumentException when that is not possible
   */
  WatchedFile(Path path, Reader<T> reader, LongSupplier nanoTime) {
    this.path = path;
    this.reader = reader;
    this.nanoTime = nanoTime;
    this.lookedAt = nanoTime.getAsLong();
    try {
      this.stamp = Stamp.of(path);
      this.content = reader.read(path);
    } catch (IOException e) {
      throw new IllegalArgumentException("the file " + path + " can't be read: " + e, e);
    }
  }

  synchronized T content() {
    long now = nanoTime.getAsLong();
    if (now - lookedAt >= PAUSE_NANOS) {
      lookedAt = now;
      look();
    }
    return content;
  }

  private void look() {
    try {
      Stamp seen = Stamp.of(path);
      if (seen.equals(stamp)) {
        return;
      }
      content = reader.read(path);
      stamp = seen;
      broken = false;
      log.info("{} has changed and was read again", path);
    } catch (IOException | IllegalArgumentException e) {
      // Told once, not every second.
      if (!broken) {
        log.warn("{} can't be read again; what it said before holds: {}", path, e.toString());
      }
      broken = true;
    }
  }
}
