package dev.penstock.fake;

import java.time.Instant;
import tools.jackson.databind.node.ObjectNode;

/** One operation of a provider's API. */
interface Operation {
  Protocol protocol();

  /** Whether the model writes an answer; otherwise {@link #answer} is given an empty one. */
  boolean writes();

  /**
   * Reads a request.
   *
   * @param body what its body holds
   * @throws ApiException when the provider would refuse it
   */
  Asked read(Request request, ObjectNode body) throws ApiException;

  /** The right answer. */
  Reply answer(Asked asked, Answer answer, Occasion occasion);

  /** How an error is told within a stream that has begun. */
  default String streamError(ApiError error) {
    return protocol().streamError(error);
  }

  /**
   * What an answer has beside its content.
   *
   * @param mixed what ids follow from
   * @param at when
   * @param cachedTokens how many of the input tokens are told to have come from a cache
   */
  record Occasion(long mixed, Instant at, int cachedTokens) {}
}
