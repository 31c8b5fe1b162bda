package dev.penstock.provider;

/** Takes partial answers. Called on the thread of the call; returns at once. */
@FunctionalInterface
public interface Progress {
  /** Nobody wants partial answers. */
  Progress NONE = (_, _) -> {};

  /**
   * More has come.
   *
   * @param added the text that came since the last time
   * @param chars how long the answer is by now, in UTF-16 code units
   */
  void came(String added, long chars);
}
