package dev.penstock.streams.search;

import dev.penstock.job.JobId;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/** Where a page ended, as text for the one who asks for the next: order, number and id. */
final class Cursor {
  private static final int MAX_CHARS = 200;

  private Cursor() {}

  static String text(Order order, Place last) {
    String plain = order.wireName() + " " + last.value() + " " + last.id();
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(plain.getBytes(StandardCharsets.US_ASCII));
  }

  /**
   * The place that {@link #text} told.
   *
   * @throws InvalidParameterException when it is none, or one of another order
   */
  static Place parse(String text, Order order) {
    try {
      if (text.length() <= MAX_CHARS) {
        String[] parts =
            new String(Base64.getUrlDecoder().decode(text), StandardCharsets.US_ASCII)
                .split(" ", -1);
        Optional<JobId> id = parts.length == 3 ? JobId.parse(parts[2]) : Optional.empty();
        if (id.isPresent() && Order.parse(parts[0]).isPresent()) {
          if (!parts[0].equals(order.wireName())) {
            throw new InvalidParameterException(
                "cursor", "is of a page in another order; ask with the same sort");
          }
          return new Place(Long.parseLong(parts[1]), id.get());
        }
      }
    } catch (IllegalArgumentException _) {
      // falls through to the one error below
    }
    throw new InvalidParameterException("cursor", "is not the next of an answer");
  }
}
