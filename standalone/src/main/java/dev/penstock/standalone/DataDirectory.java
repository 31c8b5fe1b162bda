package dev.penstock.standalone;

import dev.penstock.lifecycle.Health;
import dev.penstock.lifecycle.Service;
import dev.penstock.lifecycle.StartException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * The directory that everything is kept in, held by one process at a time. The operating system
 * lets go of the lock when the process ends, however it ends; the file stays.
 */
final class DataDirectory implements Service {
  private static final String LOCK_FILE = "penstock.lock";

  private final Path path;
  private @Nullable FileChannel lock;
  private boolean used;

  DataDirectory(Path path) {
    this.path = path.toAbsolutePath().normalize();
  }

  Path path() {
    return path;
  }

  @Override
  public String name() {
    return "data directory";
  }

  @Override
  public synchronized void start() {
    if (used) {
      return;
    }
    used = true;
    Path file = path.resolve(LOCK_FILE);
    FileChannel channel = open(file);
    try {
      if (channel.tryLock() == null) {
        throw taken(file);
      }
      channel.truncate(0);
      channel.write(
          ByteBuffer.wrap(
              (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII)));
      lock = channel;
    } catch (OverlappingFileLockException e) {
      throw taken(file);
    } catch (IOException e) {
      throw unusable(e);
    } finally {
      if (lock == null) {
        close(channel);
      }
    }
  }

  @Override
  public Health health() {
    return Health.READY;
  }

  @Override
  public synchronized void close() {
    used = true;
    if (lock != null) {
      close(lock);
      lock = null;
    }
  }

  private FileChannel open(Path file) {
    try {
      Files.createDirectories(path);
      return FileChannel.open(
          file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  private StartException taken(Path file) {
    return new StartException(
        "the data directory "
            + path
            + " is in use by another Penstock"
            + owner(file)
            + "; stop that one, or give another directory with --data");
  }

  private static String owner(Path file) {
    try {
      String pid = Files.readString(file, StandardCharsets.US_ASCII).strip();
      return pid.matches("\\d{1,10}") ? " (process " + pid + ")" : "";
    } catch (IOException _) {
      return "";
    }
  }

  private StartException unusable(IOException e) {
    return new StartException(
        "the data directory "
            + path
            + " can't be used ("
            + e
            + "); give one that can be written with --data",
        e);
  }

  private static void close(FileChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
