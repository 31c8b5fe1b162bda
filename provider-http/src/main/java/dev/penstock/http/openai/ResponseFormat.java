package dev.penstock.http.openai;

/** How a server is asked for JSON: which of it it understands. */
enum ResponseFormat {
  /** It is given the schema: structured outputs. */
  JSON_SCHEMA,
  /** It is told that JSON is wanted; the schema stands in the prompt. */
  JSON_OBJECT,
  /** It is told nothing; the schema stands in the prompt. */
  NONE
}
