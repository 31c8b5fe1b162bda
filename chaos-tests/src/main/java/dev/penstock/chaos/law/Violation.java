package dev.penstock.chaos.law;

/**
 * A law that did not hold.
 *
 * @param subject whom it is about
 * @param finding what is wrong
 * @param story all that was recorded of the subject, a line each
 */
public record Violation(Law law, String subject, String finding, String story) {
  @Override
  public String toString() {
    return law + " (promise " + law.promise() + "): " + subject + ": " + finding + "\n" + story;
  }
}
