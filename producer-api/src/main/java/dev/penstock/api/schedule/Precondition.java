package dev.penstock.api.schedule;

import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a client expects to find (RFC 9110, section 13.1).
 *
 * @param ifMatch the header If-Match, if one was sent
 * @param ifNoneMatch the header If-None-Match, if one was sent
 */
public record Precondition(Optional<String> ifMatch, Optional<String> ifNoneMatch) {
  private static final int MAX_TAGS = 100;

  /** Whether it holds; {@code version} is null where there is no schedule. */
  boolean holds(@Nullable String version) {
    return ifMatch.map(tags -> names(tags, version)).orElse(true)
        && !ifNoneMatch.map(tags -> names(tags, version)).orElse(false);
  }

  /** Whether nothing is expected. */
  boolean isNone() {
    return ifMatch.isEmpty() && ifNoneMatch.isEmpty();
  }

  private static boolean names(String tags, @Nullable String version) {
    return version != null
        && Arrays.stream(tags.split(",", MAX_TAGS))
            .map(String::strip)
            .anyMatch(tag -> tag.equals("*") || tag.equals("\"" + version + "\""));
  }
}
