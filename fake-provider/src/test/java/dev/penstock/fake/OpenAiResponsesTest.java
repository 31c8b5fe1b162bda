package dev.penstock.fake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Json;
import dev.penstock.fake.RawClient.Answer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Responses and embeddings, at the level of bytes. */
class OpenAiResponsesTest {
  private static FakeProvider server;

  @BeforeAll
  static void start() {
    server = FakeProvider.start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void reset() {
    server.script("{}");
  }

  @Test
  void eventsAreNumberedAndEndWithTheWholeResponse() throws Exception {
    Answer answer =
        post("/v1/responses", "{\"model\":\"m\",\"input\":\"What turns?\",\"stream\":true}");
    JsonNode whole = post("/v1/responses", "{\"model\":\"m\",\"input\":\"What turns?\"}").json();

    var events = answer.data().stream().map(Json.MAPPER::readTree).toList();
    for (int i = 0; i < events.size(); i++) {
      assertThat(events.get(i).at("/sequence_number").asInt()).isEqualTo(i);
      assertThat(events.get(i).at("/type").asString()).isEqualTo(answer.names().get(i));
    }
    assertThat(answer.names()).first().isEqualTo("response.created");
    assertThat(answer.names()).last().isEqualTo("response.completed");
    String text = "/output/0/content/0/text";
    assertThat(events.getLast().at("/response" + text)).isEqualTo(whole.at(text));
    assertThat(whole.at("/usage/total_tokens").asInt()).isEqualTo(35);
  }

  @Test
  void aFilteredAnswerIsIncomplete() throws Exception {
    server.script("{\"rules\":[{\"do\":\"content_filter\"}]}");

    Answer answer = post("/v1/responses", "{\"model\":\"m\",\"input\":\"x\",\"stream\":true}");

    assertThat(answer.names()).last().isEqualTo("response.incomplete");
    assertThat(
            Json.MAPPER
                .readTree(answer.data().getLast())
                .at("/response/incomplete_details/reason")
                .asString())
        .isEqualTo("content_filter");
  }

  @Test
  void aStreamCanEndWithAnErrorEvent() throws Exception {
    server.script("{\"rules\":[{\"do\":\"stream_error\"}]}");

    Answer answer = post("/v1/responses", "{\"model\":\"m\",\"input\":\"x\",\"stream\":true}");

    assertThat(answer.names()).last().isEqualTo("error");
    assertThat(Json.MAPPER.readTree(answer.data().getLast()).at("/code").asString())
        .isEqualTo("server_error");
  }

  @Test
  void embeddingsAreTheSameInBothEncodings() throws Exception {
    String request = "{\"model\":\"m\",\"input\":[\"water\",\"stone\"],\"dimensions\":16";
    JsonNode floats = post("/v1/embeddings", request + "}").json();
    JsonNode packed = post("/v1/embeddings", request + ",\"encoding_format\":\"base64\"}").json();

    var values =
        ByteBuffer.wrap(Base64.getDecoder().decode(packed.at("/data/1/embedding").asString()))
            .order(ByteOrder.LITTLE_ENDIAN)
            .asFloatBuffer();
    assertThat(values.remaining()).isEqualTo(16);
    for (int i = 0; i < 16; i++) {
      assertThat((float) floats.at("/data/1/embedding/" + i).doubleValue())
          .isEqualTo(values.get(i));
    }
    assertThat(floats.at("/usage/prompt_tokens").asInt()).isEqualTo(4);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "/v1/responses | {\"model\":\"m\"} | Missing required parameter: 'input'.",
        "/v1/responses | {\"model\":\"m\",\"input\":\"x\",\"messages\":[]} | Unknown parameter:"
            + " 'messages'.",
        "/v1/responses | {\"model\":\"m\",\"input\":\"x\",\"max_output_tokens\":0} | Invalid"
            + " 'max_output_tokens': integer below minimum value.",
        "/v1/embeddings | {\"model\":\"m\"} | Missing required parameter: 'input'.",
        "/v1/embeddings | {\"model\":\"m\",\"input\":\"\"} | '$.input' is invalid.",
        "/v1/embeddings | {\"model\":\"m\",\"input\":[]} | '$.input' is invalid.",
        "/v1/embeddings | {\"model\":\"m\",\"input\":\"x\",\"dimensions\":9999} | Invalid"
            + " 'dimensions': integer above maximum value.",
        "/v1/embeddings | {\"model\":\"m\",\"input\":\"x\",\"encoding_format\":\"hex\"} | Invalid"
            + " value: 'hex'."
      })
  void wrongRequestsAreRefusedAsTheApiDoes(String path, String body, String message)
      throws Exception {
    Answer answer = post(path, body);

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.json().at("/error/message").asString()).startsWith(message);
  }

  private static Answer post(String path, String body) throws Exception {
    return RawClient.post(server, path, body, Set.of("authorization: Bearer sk-fake"));
  }
}
