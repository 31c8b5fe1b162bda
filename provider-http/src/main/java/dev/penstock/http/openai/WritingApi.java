package dev.penstock.http.openai;

import dev.penstock.http.Reply;
import dev.penstock.http.StreamedReply;
import dev.penstock.job.JobInput;
import dev.penstock.provider.Progress;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** One of the two ways in which the API of OpenAI writes text. Thread-safe. */
interface WritingApi {
  /** Below the base URL. */
  String path();

  ObjectNode body(JobInput input, String model, boolean streamed);

  Reply reply(JsonNode body);

  StreamedReply streamed(Progress progress);
}
