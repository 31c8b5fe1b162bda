package dev.penstock.runtime.ownership;

/** What became of a commit to the log of a partition. */
public sealed interface Commit {
  /** All of it is durable. */
  record Committed() implements Commit {}

  /** It is certain that nothing of it was written. */
  record Aborted(String reason) implements Commit {}

  /** Another owner has opened the log. What was written is for that one to read. */
  record Fenced() implements Commit {}

  /** Only opening the log again tells. */
  record Unknown(String reason) implements Commit {}
}
