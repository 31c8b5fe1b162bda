package dev.penstock.http.openai;

import dev.penstock.http.HttpProviders.Common;

/**
 * Settings of a provider of type {@code openai}; empty texts where one is not set.
 *
 * @param apiVersion put into the query, as Azure wants it
 * @param keyHeader in lower case; {@code authorization} has the key after "Bearer"
 * @param maxTokensField what chat completions call the most tokens of an answer
 * @param idempotencyKey whether the key of the attempt is sent along
 */
record OpenAiOptions(
    Common common,
    String embeddingModel,
    String organization,
    String project,
    String apiVersion,
    String keyHeader,
    ResponseFormat responseFormat,
    String maxTokensField,
    boolean idempotencyKey) {}
