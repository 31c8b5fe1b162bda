package dev.penstock.provider;

import dev.penstock.job.JobKind;

/**
 * What a call is called in traces, by OpenTelemetry's conventions for generative AI.
 *
 * @param vendor who does it ({@code gen_ai.provider.name}): {@code openai}, {@code anthropic}, or
 *     the provider's name where the conventions have none
 * @param operation what is done ({@code gen_ai.operation.name}): {@code chat}, {@code embeddings},
 *     or the job's kind where the conventions have none
 * @param model which model is asked for; empty where none has a name
 */
public record CallNames(String vendor, String operation, String model) {
  public static final String CHAT = "chat";
  public static final String EMBEDDINGS = "embeddings";

  /** Of a call that is made as the target says. */
  static CallNames of(String provider, ProviderCall call) {
    JobKind kind = call.input().kind();
    String operation =
        switch (kind) {
          case EMBED -> EMBEDDINGS;
          case GENERATE, EXTRACT -> CHAT;
          case SUMMARIZE, CLASSIFY, DETECT_LANGUAGE -> kind.wireName();
        };
    return new CallNames(provider, operation, call.target().model());
  }
}
