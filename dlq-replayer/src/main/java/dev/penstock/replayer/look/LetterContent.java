package dev.penstock.replayer.look;

import dev.penstock.job.DeadLetter;

/** What a record of the dead letters says, as far as it could be read. */
public sealed interface LetterContent {
  LetterType type();

  /** A job that ended without success. */
  record OfJob(DeadLetter deadLetter) implements LetterContent {
    @Override
    public LetterType type() {
      return LetterType.JOB;
    }
  }

  /** A record that no worker could read, as it was. */
  record Poison(String reason) implements LetterContent {
    @Override
    public LetterType type() {
      return LetterType.POISON;
    }
  }

  /** It should be a dead letter, and this program can't read it. */
  record Unreadable(String reason) implements LetterContent {
    @Override
    public LetterType type() {
      return LetterType.UNREADABLE;
    }
  }
}
