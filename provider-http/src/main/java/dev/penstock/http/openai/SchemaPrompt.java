package dev.penstock.http.openai;

import dev.penstock.http.Prompts;
import dev.penstock.http.Wire;
import dev.penstock.job.JobInput;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The system prompt, with the schema in it where it is not sent in a field of its own. */
final class SchemaPrompt {
  private SchemaPrompt() {}

  static @Nullable String system(JobInput input, @Nullable JsonNode schema, ResponseFormat format) {
    String system = Prompts.system(input);
    return schema == null || format == ResponseFormat.JSON_SCHEMA
        ? system
        : system + " The JSON schema is: " + Wire.line(schema);
  }
}
