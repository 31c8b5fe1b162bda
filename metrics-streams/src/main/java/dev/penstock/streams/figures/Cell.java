package dev.penstock.streams.figures;

/** What the store of figures keeps under a key. Mutable, owned by one stream thread. */
sealed interface Cell permits Figures, Tally, FailureTimes, EarlierLife {
  /** Whether it says nothing any more, so that it need not be kept. */
  boolean isEmpty();

  void write(Packed.Writer out);
}
