package dev.penstock.job;

import java.util.regex.Pattern;

/**
 * On whose behalf jobs are run: what one tenant spends, and under which idempotency keys it
 * submits, is its own. Whoever names none is {@link #DEFAULT}.
 *
 * @param name 1 to {@link #MAX_CHARS} lower-case letters, digits, '.', '_' and '-'
 */
public record TenantId(String name) {
  public static final int MAX_CHARS = 64;

  private static final Pattern NAME = Pattern.compile("[a-z0-9._-]{1," + MAX_CHARS + "}");

  /** The tenant of jobs that name none. */
  public static final TenantId DEFAULT = new TenantId("default");

  public TenantId {
    if (!isName(name)) {
      throw new IllegalArgumentException(
          "a tenant is 1 to " + MAX_CHARS + " lower-case letters, digits, '.', '_' and '-'");
    }
  }

  /** Whether {@code text} can be the name of a tenant. */
  public static boolean isName(String text) {
    return NAME.matcher(text).matches();
  }

  /** The tenant of that name; the same object for the one that nearly all jobs have. */
  public static TenantId of(String name) {
    return name.equals(DEFAULT.name) ? DEFAULT : new TenantId(name);
  }

  @Override
  public String toString() {
    return name;
  }
}
