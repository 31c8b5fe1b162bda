package dev.penstock.http;

import dev.penstock.config.MasterKeys;
import dev.penstock.config.Secret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code api-keys}: {@code env:NAME}, {@code file:PATH} and {@code sealed:...}, each with
 * {@code @WEIGHT} behind it where it is not 1, with commas between them. No message has what stands
 * there: it could be a key.
 */
final class Keys {
  private static final int MAX_KEYS = 100;
  private static final int MAX_WEIGHT = 1_000;
  private static final int MAX_FILE_BYTES = 100_000;

  private final Map<String, String> environment;
  private final LongSupplier nanoTime;
  private final @Nullable WatchedFile<MasterKeys> masters;

  /**
   * @param masterKeysFile where the master keys lie; empty where there are none
   * @throws IllegalArgumentException when the file is wrong
   */
  Keys(String masterKeysFile, Map<String, String> environment, LongSupplier nanoTime) {
    this.environment = environment;
    this.nanoTime = nanoTime;
    this.masters =
        masterKeysFile.isBlank()
            ? null
            : new WatchedFile<>(path(masterKeysFile), MasterKeys::read, nanoTime);
  }

  /**
   * The keys that the setting lists.
   *
   * @throws IllegalArgumentException when one is wrong or not there; the message says which
   */
  List<KeySource> read(String setting) {
    if (setting.isBlank()) {
      return List.of();
    }
    String[] entries = setting.split(",", MAX_KEYS + 1);
    if (entries.length > MAX_KEYS) {
      throw new IllegalArgumentException("api-keys has more than " + MAX_KEYS + " keys");
    }
    var sources = new ArrayList<KeySource>();
    var labels = new HashSet<String>();
    for (int i = 0; i < entries.length; i++) {
      try {
        KeySource source = source(entries[i].strip(), i + 1);
        if (!labels.add(source.label())) {
          throw new IllegalArgumentException("it is listed twice");
        }
        sources.add(source);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("key " + (i + 1) + " of api-keys: " + e.getMessage(), e);
      }
    }
    return sources;
  }

  private KeySource source(String entry, int number) {
    int at = entry.lastIndexOf('@');
    // A path may have an @ in it; a weight is a number.
    boolean weighted = at > 0 && entry.substring(at + 1).matches("\\d{1,9}");
    int weight = weighted ? Integer.parseInt(entry.substring(at + 1)) : 1;
    String where = weighted ? entry.substring(0, at) : entry;
    if (weight < 1 || weight > MAX_WEIGHT) {
      throw new IllegalArgumentException("its weight must be from 1 to " + MAX_WEIGHT);
    }
    if (where.startsWith("env:")) {
      return fromEnvironment(where.substring("env:".length()), weight);
    }
    if (where.startsWith("file:")) {
      Path file = path(where.substring("file:".length()));
      var watched = new WatchedFile<>(file, this::keyIn, nanoTime);
      return new KeySource("file:" + file, weight, watched::content);
    }
    if (where.startsWith(MasterKeys.PREFIX)) {
      Secret key = KeySource.opened(where, masters().content());
      return new KeySource("sealed key " + number, weight, () -> key);
    }
    throw new IllegalArgumentException(
        "it must begin with env:, file: or sealed: (a key itself does not belong there)");
  }

  private KeySource fromEnvironment(String variable, int weight) {
    String value = environment.get(variable);
    if (value == null) {
      throw new IllegalArgumentException("the environment has no variable of the name it says");
    }
    Secret key = KeySource.checked(value);
    return new KeySource("env:" + variable, weight, () -> key);
  }

  private WatchedFile<MasterKeys> masters() {
    if (masters == null) {
      throw new IllegalArgumentException("it is sealed, but master-keys-file is not set");
    }
    return masters;
  }

  /**
   * The key that {@code api-key} says, as it is or sealed.
   *
   * @throws IllegalArgumentException when it can't be one, or can't be opened
   */
  KeySource given(String key) {
    Secret secret = opened(KeySource.checked(key));
    return new KeySource("api-key", 1, () -> secret);
  }

  private Secret opened(Secret said) {
    return said.reveal().startsWith(MasterKeys.PREFIX)
        ? KeySource.opened(said.reveal(), masters().content())
        : said;
  }

  /** What the file says; opened, where that is sealed. */
  private Secret keyIn(Path file) throws IOException {
    if (Files.size(file) > MAX_FILE_BYTES) {
      throw new IllegalArgumentException(file + " is larger than " + MAX_FILE_BYTES + " bytes");
    }
    try {
      return opened(KeySource.checked(Files.readString(file, StandardCharsets.UTF_8)));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("the file " + file + ": " + e.getMessage(), e);
    }
  }

  private static Path path(String text) {
    try {
      return Path.of(text.strip());
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException("its path is none: " + e.getReason(), e);
    }
  }
}
