package dev.penstock.replayer.replay;

import java.util.List;

/**
 * What was read of some selected offsets.
 *
 * @param letters in their order
 * @param through everything below this offset was looked at: what is selected there and not among
 *     the letters does not stand in the log any more
 */
public record Reading(List<Letter> letters, long through) {
  public Reading {
    letters = List.copyOf(letters);
  }
}
