package dev.penstock.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.Failure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ErrorRulesTest {
  /** Status, body as the APIs' references and servers' sources have it, code of the failure. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        // OpenAI
        "400|{\"error\":{\"message\":\"This model's maximum context length is 128000"
            + " tokens.\",\"type\":\"invalid_request_error\",\"param\":\"messages\",\"code\":\"context_length_exceeded\"}}|context_too_long",
        "400|{\"error\":{\"message\":\"Invalid"
            + " 'temperature'\",\"type\":\"invalid_request_error\",\"code\":null}}|invalid_request",
        "400|{\"error\":{\"message\":\"no\",\"type\":\"invalid_request_error\",\"code\":\"content_policy_violation\"}}|content_refused",
        "401|{\"error\":{\"message\":\"Incorrect API key"
            + " provided\",\"type\":\"invalid_request_error\",\"code\":\"invalid_api_key\"}}|authentication",
        "403|{\"error\":{\"message\":\"no\",\"type\":\"request_forbidden\",\"code\":\"unsupported_country_region_territory\"}}|authentication",
        "404|{\"error\":{\"message\":\"no\",\"type\":\"invalid_request_error\",\"code\":\"model_not_found\"}}|model_not_found",
        "429|{\"error\":{\"message\":\"Rate limit"
            + " reached\",\"type\":\"tokens\",\"code\":\"rate_limit_exceeded\"}}|throttled",
        "429|{\"error\":{\"message\":\"Request too large for gpt-4o on tokens per min (TPM): Limit"
            + " 10000, Requested"
            + " 20000\",\"type\":\"tokens\",\"code\":\"rate_limit_exceeded\"}}|context_too_long",
        "429|{\"error\":{\"message\":\"You exceeded your current"
            + " quota\",\"type\":\"insufficient_quota\",\"code\":\"insufficient_quota\"}}|budget",
        "429|{\"error\":{\"message\":\"no\",\"type\":\"insufficient_quota\",\"code\":\"credit_balance_exhausted\"}}|budget",
        "429|{\"error\":{\"message\":\"no\",\"type\":\"rate_limit_error\",\"code\":\"slow_down\"}}|throttled",
        "500|{\"error\":{\"message\":\"The server had an"
            + " error\",\"type\":\"server_error\",\"code\":null}}|retryable",
        "503|{\"error\":{\"message\":\"no\",\"type\":\"service_unavailable_error\",\"code\":\"server_is_overloaded\"}}|overloaded",
        // Anthropic
        "400|{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"prompt"
            + " is too long: 210000 tokens > 200000 maximum\"}}|context_too_long",
        "400|{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"Your"
            + " credit balance is too low to access the API\"}}|budget",
        "400|{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"You"
            + " have reached your specified API usage limits.\"}}|budget",
        "400|{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"Output"
            + " blocked by content filtering policy\"}}|content_refused",
        "400|{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"messages:"
            + " field required\"}}|invalid_request",
        "401|{\"type\":\"error\",\"error\":{\"type\":\"authentication_error\",\"message\":\"invalid"
            + " x-api-key\"}}|authentication",
        "402|{\"type\":\"error\",\"error\":{\"type\":\"billing_error\",\"message\":\"no\"}}|budget",
        "403|{\"type\":\"error\",\"error\":{\"type\":\"permission_error\",\"message\":\"no\"}}|authentication",
        "404|{\"type\":\"error\",\"error\":{\"type\":\"not_found_error\",\"message\":\"model:"
            + " x\"}}|model_not_found",
        "409|{\"type\":\"error\",\"error\":{\"type\":\"conflict_error\",\"message\":\"no\"}}|retryable",
        "413|{\"type\":\"error\",\"error\":{\"type\":\"request_too_large\",\"message\":\"no\"}}|context_too_long",
        "429|{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"no\"}}|throttled",
        "429|{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"no\",\"details\":{\"error_code\":\"enforced_spend_limit_reached\"}}}|budget",
        "500|{\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"no\"}}|retryable",
        "504|{\"type\":\"error\",\"error\":{\"type\":\"timeout_error\",\"message\":\"no\"}}|timeout",
        "529|{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}|overloaded",
        "0|{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}|overloaded",
        // Azure
        "400|{\"error\":{\"code\":\"content_filter\",\"message\":\"no\",\"innererror\":{\"code\":\"ResponsibleAIPolicyViolation\"}}}|content_refused",
        "404|{\"error\":{\"code\":\"DeploymentNotFound\",\"message\":\"no\"}}|model_not_found",
        "429|{\"error\":{\"code\":\"429\",\"message\":\"Requests have exceeded the token rate"
            + " limit\"}}|throttled",
        "401|{\"statusCode\":401,\"message\":\"Access denied due to invalid subscription"
            + " key\"}|authentication",
        // vLLM, Ollama, FastAPI
        "400|{\"object\":\"error\",\"message\":\"This model's maximum context length is 4096"
            + " tokens\",\"type\":\"BadRequestError\",\"param\":null,\"code\":400}|context_too_long",
        "404|{\"error\":\"model 'x' not found\"}|model_not_found",
        "404|{\"object\":\"error\",\"message\":\"The model x does not"
            + " exist.\",\"type\":\"NotFoundError\",\"code\":404}|model_not_found",
        "404|{\"detail\":\"Not Found\"}|invalid_request",
        "422|{\"detail\":[{\"loc\":[\"body\"]}]}|invalid_request",
        // Nothing that can be read
        "400|<html>|invalid_request",
        "408||timeout",
        "413||context_too_long",
        "418||invalid_request",
        "429||throttled",
        "451||content_refused",
        "500|[]|retryable",
        "502|<html>|retryable",
        "503||overloaded",
        "504|\"text\"|timeout",
        "524||timeout",
        "529||overloaded",
        "301||retryable",
        "0|{}|retryable",
        // Words in a message of the server's own trouble decide nothing.
        "500|{\"error\":{\"message\":\"moderation service: credit balance\"}}|retryable"
      })
  void everyErrorHasItsFailure(int status, String body, String code) {
    byte[] bytes = body == null ? new byte[0] : body.getBytes(StandardCharsets.UTF_8);
    Failure failure = ErrorRules.failure(status, ErrorBody.of(bytes), "m", Duration.ZERO);
    assertThat(failure.code()).isEqualTo(code);
  }

  @Test
  void aServerThatSaysWhenIsNotAskedBefore() {
    assertThat(ErrorRules.failure(500, ErrorBody.NOTHING, "m", Duration.ofSeconds(3)))
        .isEqualTo(new Failure.Overloaded("m", Duration.ofSeconds(3)));
    assertThat(ErrorRules.failure(429, ErrorBody.NOTHING, "m", Duration.ofSeconds(3)))
        .isEqualTo(new Failure.Throttled("m", Duration.ofSeconds(3)));
  }

  @Test
  void thePageListsEveryCodeThatDecides() throws IOException {
    String page = Files.readString(Path.of("../docs/providers.md"));
    assertThat(ErrorRules.codes()).allSatisfy(code -> assertThat(page).contains("`" + code + "`"));
  }
}
