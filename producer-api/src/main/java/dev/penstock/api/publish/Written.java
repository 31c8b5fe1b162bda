package dev.penstock.api.publish;

/** What became of a record that was handed to Kafka. */
public sealed interface Written {
  Written ACKNOWLEDGED = new Acknowledged();

  /** All replicas that must have it have it. */
  record Acknowledged() implements Written {}

  /** It is certain that it was not written. {@code reason} is for logs. */
  record NotWritten(String reason) implements Written {}

  /** It may have been written, or may yet be. {@code reason} is for logs. */
  record Unknown(String reason) implements Written {}
}
