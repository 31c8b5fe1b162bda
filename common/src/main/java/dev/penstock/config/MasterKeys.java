package dev.penstock.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Seals secrets, so that they can lie in configuration, and opens them. A sealed secret is one
 * word, {@code sealed:1:ID:DATA}: the format's version, the id of the master key, and, in base64url
 * without padding, a random nonce of 12 bytes, the text in UTF-8 under AES-256-GCM, and the tag of
 * 16 bytes. What stands before DATA is authenticated with it.
 *
 * <p>The first of several keys seals; each of them opens what it sealed, so that during a rotation
 * the old and the new one are both good. Thread-safe.
 */
public final class MasterKeys {
  /** What each sealed secret begins with. */
  public static final String PREFIX = "sealed:";

  private static final String VERSION = "1:";
  private static final String CIPHER = "AES/GCM/NoPadding";
  private static final int KEY_BYTES = 32;
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BYTES = 16;
  private static final int MAX_KEYS = 100;
  private static final int MAX_FILE_BYTES = 100_000;
  private static final int MAX_SEALED_CHARS = 20_000;
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9._-]{1,50}");
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Map<String, SecretKey> byId;
  private final String first;

  private MasterKeys(Map<String, SecretKey> byId) {
    this.byId = byId;
    this.first = byId.keySet().iterator().next();
  }

  /**
   * The keys of a file.
   *
   * @throws IOException when it can't be read
   * @throws IllegalArgumentException when a line is wrong; the message says which, but not what it
   *     says
   */
  public static MasterKeys read(Path file) throws IOException {
    if (Files.size(file) > MAX_FILE_BYTES) {
      throw new IllegalArgumentException(file + " is larger than " + MAX_FILE_BYTES + " bytes");
    }
    try {
      return of(Files.readAllLines(file, StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
    }
  }

  /**
   * The keys that {@code lines} say, each {@code ID:KEY} with a key of 32 bytes in base64. Empty
   * lines and those that begin with {@code #} say nothing.
   *
   * @throws IllegalArgumentException when a line is wrong; the message says which, but not what it
   *     says
   */
  public static MasterKeys of(List<String> lines) {
    var byId = new LinkedHashMap<String, SecretKey>();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      int colon = line.indexOf(':');
      String id = colon < 0 ? "" : line.substring(0, colon);
      byte[] key = colon < 0 ? new byte[0] : decode(line.substring(colon + 1));
      if (!ID.matcher(id).matches() || key.length != KEY_BYTES) {
        throw new IllegalArgumentException(
            "line "
                + (i + 1)
                + " is not ID:KEY, with an id of 1 to 50 letters, digits, '.', '_' or '-' and a key"
                + " of 32 bytes in base64; 'penstock keys new' makes one");
      }
      if (byId.put(id, new SecretKeySpec(key, "AES")) != null) {
        throw new IllegalArgumentException("line " + (i + 1) + " has the id of another one");
      }
    }
    if (byId.isEmpty() || byId.size() > MAX_KEYS) {
      throw new IllegalArgumentException(
          "there are " + byId.size() + " master keys, but there must be 1 to " + MAX_KEYS);
    }
    return new MasterKeys(byId);
  }

  /**
   * A line with a new random key.
   *
   * @throws IllegalArgumentException when the id is none
   */
  public static String newLine(String id) {
    if (!ID.matcher(id).matches()) {
      throw new IllegalArgumentException(
          "an id of a master key is 1 to 50 letters, digits, '.', '_' or '-'");
    }
    var key = new byte[KEY_BYTES];
    RANDOM.nextBytes(key);
    return id + ":" + Base64.getEncoder().encodeToString(key);
  }

  /** Seals with the first key. */
  public String seal(Secret secret) {
    var nonce = new byte[NONCE_BYTES];
    RANDOM.nextBytes(nonce);
    String head = PREFIX + VERSION + first + ":";
    byte[] text = secret.reveal().getBytes(StandardCharsets.UTF_8);
    var sealed = new byte[NONCE_BYTES + text.length + TAG_BYTES];
    System.arraycopy(nonce, 0, sealed, 0, NONCE_BYTES);
    try {
      cipher(Cipher.ENCRYPT_MODE, first, nonce, head)
          .doFinal(text, 0, text.length, sealed, NONCE_BYTES);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JVM can't seal with " + CIPHER, e);
    }
    return head + encode(sealed);
  }

  /**
   * Opens what {@link #seal} made with one of these keys.
   *
   * @throws IllegalArgumentException when it is not such a word, its key is not here, or it was
   *     changed; the message does not have it
   */
  public Secret open(String sealed) {
    int colon = sealed.lastIndexOf(':');
    String start = PREFIX + VERSION;
    if (!sealed.startsWith(start) || colon < start.length() || sealed.length() > MAX_SEALED_CHARS) {
      throw new IllegalArgumentException("not a sealed secret: that is sealed:1:ID:DATA");
    }
    String id = sealed.substring(start.length(), colon);
    String word = sealed.substring(colon + 1);
    byte[] data = decode(word.replace('-', '+').replace('_', '/'));
    if (!byId.containsKey(id)) {
      throw new IllegalArgumentException(
          ID.matcher(id).matches()
              ? "sealed with the master key '" + id + "', which is not there; there are " + ids()
              : "not a sealed secret: its key's id is none");
    }
    // Base64 has several words for the same bytes; only ours is taken.
    if (data.length < NONCE_BYTES + TAG_BYTES || !encode(data).equals(word)) {
      throw new IllegalArgumentException("not a sealed secret: its data is cut or not base64url");
    }
    var nonce = new byte[NONCE_BYTES];
    System.arraycopy(data, 0, nonce, 0, NONCE_BYTES);
    try {
      byte[] text =
          cipher(Cipher.DECRYPT_MODE, id, nonce, sealed.substring(0, colon + 1))
              .doFinal(data, NONCE_BYTES, data.length - NONCE_BYTES);
      return new Secret(new String(text, StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "the secret does not open with the master key '" + id + "': one of both was changed", e);
    }
  }

  /** The ids of the keys. */
  public List<String> ids() {
    return List.copyOf(byId.keySet());
  }

  @Override
  public String toString() {
    return "MasterKeys" + ids();
  }

  private Cipher cipher(int mode, String id, byte[] nonce, String head)
      throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance(CIPHER);
    cipher.init(mode, byId.get(id), new GCMParameterSpec(TAG_BYTES * Byte.SIZE, nonce));
    cipher.updateAAD(head.getBytes(StandardCharsets.UTF_8));
    return cipher;
  }

  private static String encode(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /** Nothing where it is not base64. */
  private static byte[] decode(String base64) {
    try {
      return Base64.getDecoder().decode(base64.strip());
    } catch (IllegalArgumentException _) {
      return new byte[0];
    }
  }
}
