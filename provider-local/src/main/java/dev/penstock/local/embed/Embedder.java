package dev.penstock.local.embed;

import dev.penstock.local.inference.InferenceThreads;
import dev.penstock.local.inference.LoadedOnce;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Text to unit vectors of {@link #DIMENSIONS} numbers. The same text gives the same vector,
 * whatever runs beside it.
 *
 * <p>What is longer than the model's window is cut into windows, after the end of a sentence where
 * one is near, and their vectors are averaged by length. Of a text of more than {@link
 * #MAX_WINDOWS} windows, that many are taken, evenly spread. Thread-safe.
 */
public final class Embedder implements AutoCloseable {
  public static final int DIMENSIONS = MiniLm.DIMENSIONS;

  /** The most windows of one text: 65,000 word pieces, 4 seconds of one core. */
  static final int MAX_WINDOWS = 256;

  /** The most word pieces in a window. */
  static final int WINDOW_PIECES = MiniLm.WINDOW - 2;

  /** Above any text that a job can hold; bounds the memory for one. */
  private static final int MAX_PIECES = 1_000_000;

  private final InferenceThreads threads;
  private final int maxWindows;
  private final LoadedOnce<MiniLm> model = new LoadedOnce<>(MiniLm::load);

  public Embedder(InferenceThreads threads) {
    this(threads, MAX_WINDOWS);
  }

  Embedder(InferenceThreads threads, int maxWindows) {
    this.threads = threads;
    this.maxWindows = maxWindows;
  }

  /** Loads the model. */
  public void warmUp() throws InterruptedException {
    threads.run(() -> model.get().embed(new int[] {WordPieces.UNKNOWN}));
  }

  /**
   * The vector of a whole text.
   *
   * @return nothing where the text has only what the model can't see: control characters, accents
   */
  public Optional<float[]> text(String text) throws InterruptedException {
    return mean(threads.run(() -> windows(model.get().wordPieces(), text)));
  }

  /**
   * The vector of a sentence, by its first window only.
   *
   * @return nothing where there is nothing that the model can see
   */
  public Optional<float[]> sentence(String sentence) throws InterruptedException {
    return threads.run(() -> {
      int[] pieces = model.get().wordPieces().encode(sentence, WINDOW_PIECES);
      return pieces.length == 0 ? Optional.empty() : Optional.of(model.get().embed(pieces));
    });
  }

  private Optional<float[]> mean(List<int[]> windows) throws InterruptedException {
    if (windows.isEmpty()) {
      return Optional.empty();
    }
    float[] sum = new float[DIMENSIONS];
    for (int[] window : windows) {
      Vectors.add(sum, threads.run(() -> model.get().embed(window)), window.length);
    }
    return Optional.of(Vectors.normalise(sum));
  }

  private List<int[]> windows(WordPieces wordPieces, String text) {
    int[] pieces = wordPieces.encode(text, MAX_PIECES);
    var windows = new ArrayList<int[]>();
    int from = 0;
    while (from < pieces.length) {
      int to = end(wordPieces, pieces, from);
      windows.add(Arrays.copyOfRange(pieces, from, to));
      from = to;
    }
    return evenly(windows);
  }

  /** Where the window ends that begins at {@code from}: after a sentence, else before a word. */
  private static int end(WordPieces wordPieces, int[] pieces, int from) {
    int last = from + WINDOW_PIECES;
    if (last >= pieces.length) {
      return pieces.length;
    }
    int earliest = from + WINDOW_PIECES / 2;
    for (int to = last; to > earliest; to--) {
      if (wordPieces.endsSentence(pieces[to - 1])) {
        return to;
      }
    }
    for (int to = last; to > earliest; to--) {
      if (wordPieces.startsWord(pieces[to])) {
        return to;
      }
    }
    return last;
  }

  private List<int[]> evenly(List<int[]> windows) {
    if (windows.size() <= maxWindows) {
      return windows;
    }
    var chosen = new ArrayList<int[]>(maxWindows);
    for (int i = 0; i < maxWindows; i++) {
      chosen.add(windows.get((int) ((long) i * windows.size() / maxWindows)));
    }
    return chosen;
  }

  /** Frees the model. No call may run or follow. */
  @Override
  public void close() {
    model.ifLoaded().ifPresent(MiniLm::close);
  }
}
