package dev.penstock.streams;

import dev.penstock.lifecycle.StartException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import java.util.regex.Pattern;

/** The identity of an instance: made with its state directory and kept in it. */
final class InstanceId {
  private static final String FILE = "instance-id";
  private static final Pattern FORM = Pattern.compile("[0-9a-f-]{36}");

  private InstanceId() {}

  /**
   * The id that is kept in {@code stateDirectory}, made when there is none.
   *
   * @throws StartException when the directory can't be used
   */
  static String in(Path stateDirectory) {
    Path file = stateDirectory.resolve(FILE);
    try {
      Files.createDirectories(stateDirectory);
      if (Files.exists(file)) {
        String kept = Files.readString(file, StandardCharsets.UTF_8).strip();
        if (FORM.matcher(kept).matches()) {
          return kept;
        }
        // Cut off by a crash while it was made: nothing depends on it yet.
      }
      String made = UUID.randomUUID().toString();
      Files.writeString(
          file,
          made + "\n",
          StandardCharsets.UTF_8,
          StandardOpenOption.CREATE,
          StandardOpenOption.TRUNCATE_EXISTING,
          StandardOpenOption.SYNC);
      return made;
    } catch (IOException e) {
      throw new StartException(
          "the state directory "
              + stateDirectory
              + " can't be used ("
              + e
              + "): give one that can be written with streams.state-dir",
          e);
    }
  }
}
