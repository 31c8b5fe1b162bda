package dev.penstock.fake;

import dev.penstock.codec.Json;
import java.util.Set;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /v1/messages/count_tokens}: costs a request, and no tokens. */
final class AnthropicTokenCount implements Operation {
  private static final Set<String> PARAMETERS =
      Set.of(
          "messages",
          "model",
          "cache_control",
          "output_config",
          "system",
          "thinking",
          "tool_choice",
          "tools");

  private final Protocol protocol;

  AnthropicTokenCount(Protocol protocol) {
    this.protocol = protocol;
  }

  @Override
  public Protocol protocol() {
    return protocol;
  }

  @Override
  public boolean writes() {
    return false;
  }

  @Override
  public Asked read(Request request, ObjectNode body) throws ApiException {
    AnthropicRequests.knows(request, body, PARAMETERS);
    return new Asked(
        AnthropicRequests.model(body),
        AnthropicRequests.prompt(body),
        0,
        null,
        false,
        null,
        null,
        body);
  }

  @Override
  public Reply answer(Asked asked, Answer answer, Occasion occasion) {
    return Reply.json(
        200,
        Json.MAPPER
            .createObjectNode()
            .put("input_tokens", AnthropicMessages.inputTokens(asked.body(), asked.prompt())));
  }
}
