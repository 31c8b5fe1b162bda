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
   * @throws ApiException when the provider would refuse it
   */
  Asked read(ObjectNode body) throws ApiException;

  /** The right answer. */
  Reply answer(Asked asked, Answer answer, Occasion occasion);

  /**
   * What an answer has beside its content.
   *
   * @param mixed what ids follow from
   * @param at when
   */
  record Occasion(long mixed, Instant at) {}
}
