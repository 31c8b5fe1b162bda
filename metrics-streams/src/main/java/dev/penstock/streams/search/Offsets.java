package dev.penstock.streams.search;

import dev.penstock.streams.view.Input;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * How far each input of a partition is read, as the offset of the next record. Immutable.
 *
 * @param byInput of every input
 */
record Offsets(Map<Input, Long> byInput) {
  /** Before all records. */
  static final Offsets ZERO = of(_ -> 0);

  Offsets {
    byInput = Map.copyOf(byInput);
    if (byInput.size() != Input.values().length) {
      throw new IllegalArgumentException("an offset of every input");
    }
  }

  static Offsets of(java.util.function.ToLongFunction<Input> offset) {
    var offsets = new EnumMap<Input, Long>(Input.class);
    for (Input input : Input.values()) {
      offsets.put(input, offset.applyAsLong(input));
    }
    return new Offsets(offsets);
  }

  long of(Input input) {
    return java.util.Objects.requireNonNull(byInput.get(input));
  }

  Offsets with(Input input, long offset) {
    return of(each -> each == input ? offset : of(each));
  }

  /** Whether each is as far as that of {@code other}, or further. */
  boolean reach(Offsets other) {
    for (Input input : Input.values()) {
      if (of(input) < other.of(input)) {
        return false;
      }
    }
    return true;
  }

  /** The further one of each. */
  Offsets max(Offsets other) {
    return of(input -> Math.max(of(input), other.of(input)));
  }

  /** How many records stand between these and {@code end}. */
  long behind(Offsets end) {
    long records = 0;
    for (Input input : Input.values()) {
      records += Math.max(0, end.of(input) - of(input));
    }
    return records;
  }

  /** As text, for the commit of an index. */
  Map<String, String> toText() {
    var text = new java.util.HashMap<String, String>();
    byInput.forEach((input, offset) -> text.put("offset." + input.name(), offset.toString()));
    return text;
  }

  /** What {@link #toText} wrote, or nothing when it is not all there. */
  static Optional<Offsets> parse(Map<String, String> text) {
    var offsets = new EnumMap<Input, Long>(Input.class);
    try {
      for (Input input : Input.values()) {
        String offset = text.get("offset." + input.name());
        if (offset == null) {
          return Optional.empty();
        }
        offsets.put(input, Long.valueOf(offset));
      }
    } catch (NumberFormatException _) {
      return Optional.empty();
    }
    return Optional.of(new Offsets(offsets));
  }
}
