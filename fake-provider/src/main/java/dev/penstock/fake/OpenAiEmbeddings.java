package dev.penstock.fake;

import dev.penstock.codec.Json;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /v1/embeddings}: unit vectors that follow from text and model. */
final class OpenAiEmbeddings implements Operation {
  private static final Set<String> PARAMETERS =
      Set.of("input", "model", "dimensions", "encoding_format", "user");
  private static final int MAX_INPUTS = 2_048;
  private static final int MAX_DIMENSIONS = 4_096;
  private static final int LARGE_DIMENSIONS = 3_072;
  private static final int DIMENSIONS = 1_536;

  private final Protocol protocol;

  OpenAiEmbeddings(Protocol protocol) {
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
    OpenAiRequests.knows(body, PARAMETERS);
    String model = OpenAiRequests.model(body);
    int tokens = 0;
    List<JsonNode> inputs = inputs(body);
    var prompt = new ArrayList<String>(inputs.size());
    for (JsonNode input : inputs) {
      // Given as tokens already, each of them is one.
      tokens += input.isArray() ? input.size() : Tokens.of(input.stringValue());
      prompt.add(input.isArray() ? input.toString() : input.stringValue());
    }
    Integer dimensions = OpenAiRequests.count(body, "dimensions");
    if (dimensions != null && dimensions > MAX_DIMENSIONS) {
      throw OpenAiRequests.invalid(
          "integer_above_max_value",
          "dimensions",
          "Invalid 'dimensions': integer above maximum value. Expected a value <= "
              + MAX_DIMENSIONS
              + ", but got "
              + dimensions
              + " instead.");
    }
    String format = body.path("encoding_format").asString("float");
    if (!format.equals("float") && !format.equals("base64")) {
      throw OpenAiRequests.invalid(
          "invalid_value",
          "encoding_format",
          "Invalid value: '" + format + "'. Supported values are: 'float' and 'base64'.");
    }
    return new Asked(model, String.join("\n", prompt), tokens, null, false, null, null, body);
  }

  private static List<JsonNode> inputs(ObjectNode body) throws ApiException {
    JsonNode input = body.path("input");
    if (input.isMissingNode() || input.isNull()) {
      throw OpenAiRequests.missing("input");
    }
    var inputs = new ArrayList<JsonNode>();
    if (input.isArray() && !input.isEmpty() && !input.get(0).isIntegralNumber()) {
      input.forEach(inputs::add);
    } else {
      inputs.add(input);
    }
    if (inputs.size() > MAX_INPUTS) {
      throw OpenAiRequests.invalid(
          "array_above_max_length",
          "input",
          "Invalid 'input': array too long. Expected an array with maximum length "
              + MAX_INPUTS
              + ", but got an array with length "
              + inputs.size()
              + " instead.");
    }
    for (JsonNode each : inputs) {
      boolean text = each.isString() && !each.stringValue().isEmpty();
      boolean tokens = each.isArray() && !each.isEmpty() && areTokens(each);
      if (!text && !tokens) {
        throw OpenAiRequests.invalid(
            null, null, "'$.input' is invalid. Please check the API reference.");
      }
    }
    return inputs;
  }

  private static boolean areTokens(JsonNode array) {
    for (JsonNode each : array) {
      if (!each.isIntegralNumber()) {
        return false;
      }
    }
    return true;
  }

  @Override
  public Reply answer(Asked asked, Answer answer, Occasion occasion) {
    ObjectNode body = Json.MAPPER.createObjectNode().put("object", "list");
    var data = body.putArray("data");
    boolean base64 = asked.body().path("encoding_format").asString("float").equals("base64");
    int dimensions =
        asked
            .body()
            .path("dimensions")
            .asInt(asked.model().contains("large") ? LARGE_DIMENSIONS : DIMENSIONS);
    JsonNode input = asked.body().get("input");
    boolean several = input.isArray() && !input.get(0).isIntegralNumber();
    int count = several ? input.size() : 1;
    for (int i = 0; i < count; i++) {
      JsonNode each = several ? input.get(i) : input;
      float[] vector = vector(Mix.of(Mix.of(asked.model()), Mix.of(each.toString())), dimensions);
      ObjectNode embedding = data.addObject().put("object", "embedding").put("index", i);
      if (base64) {
        embedding.put("embedding", encoded(vector));
      } else {
        var values = embedding.putArray("embedding");
        for (float value : vector) {
          values.add(value);
        }
      }
    }
    body.put("model", asked.model());
    body.putObject("usage")
        .put("prompt_tokens", asked.inputTokens())
        .put("total_tokens", asked.inputTokens());
    return Reply.json(200, body);
  }

  private static float[] vector(long mixed, int dimensions) {
    double[] values = new double[dimensions];
    double squares = 0;
    for (int i = 0; i < dimensions; i++) {
      values[i] = Mix.share(Mix.of(mixed, i)) - 0.5;
      squares += values[i] * values[i];
    }
    double length = Math.sqrt(squares);
    float[] vector = new float[dimensions];
    for (int i = 0; i < dimensions; i++) {
      vector[i] = (float) (values[i] / length);
    }
    return vector;
  }

  /** Base64 of 32-bit floats, the low byte first. */
  private static String encoded(float[] vector) {
    ByteBuffer bytes = ByteBuffer.allocate(vector.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(vector);
    return Base64.getEncoder().encodeToString(bytes.array());
  }
}
