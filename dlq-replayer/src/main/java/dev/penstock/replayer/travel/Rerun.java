package dev.penstock.replayer.travel;

import dev.penstock.codec.JsonCodec;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What became of an item, under {@code ID/rerun/NUMBER}: written once.
 *
 * @param number the item's
 * @param after how the new job ended; null where there is none
 * @param refused why there is none: {@code gone}, {@code too-large}, the reason of a change that
 *     could not be made, or {@code unknown} where its end is not kept any more; else null
 * @param detail more of that, for people, or null
 * @param same whether both have the same output; null where one has none
 * @param similarity 0 to 1 (of embeddings their cosine, from -1); null where it can't be told
 * @param paths of two extracts, JSON Pointers to what differs, {@link Comparison#MAX_PATHS} at most
 */
record Rerun(
    int number,
    @Nullable Ended after,
    @Nullable String refused,
    @Nullable String detail,
    @Nullable Boolean same,
    @Nullable Double similarity,
    List<String> paths) {
  static final JsonCodec<Rerun> CODEC = new JsonCodec<>(Rerun.class);

  Rerun {
    paths = List.copyOf(paths);
  }

  static Rerun refused(int number, String reason, String detail) {
    return new Rerun(number, null, reason, detail, null, null, List.of());
  }
}
