package dev.penstock.http;

import tools.jackson.core.JacksonException;

/** Puts an answer together from events. For one stream and one thread. */
public interface StreamedReply {
  /**
   * Takes the next event.
   *
   * @return whether it was the last one by the protocol
   * @throws JacksonException when it is not JSON
   */
  boolean event(ServerSentEvent event);

  /**
   * The answer. Asked for after the last event, or when the stream ended before it: then it is
   * {@link Reply.Malformed}.
   */
  Reply end();
}
