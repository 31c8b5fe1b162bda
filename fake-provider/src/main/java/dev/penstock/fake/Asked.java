package dev.penstock.fake;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a request asks for, whatever the protocol.
 *
 * @param model the model
 * @param prompt all text of the request, with line breaks between
 * @param inputTokens as {@link Tokens} counts them
 * @param maxTokens how long the answer may be, or null
 * @param streamed whether it is to come in events
 * @param schema what the answer must fit, or null
 * @param tool the tool that is to be called, or null
 * @param body the request
 */
record Asked(
    String model,
    String prompt,
    int inputTokens,
    @Nullable Integer maxTokens,
    boolean streamed,
    @Nullable JsonNode schema,
    @Nullable Tool tool,
    ObjectNode body) {
  /** A function that the model can call. */
  record Tool(String name, JsonNode parameters) {}
}
