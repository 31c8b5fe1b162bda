package dev.penstock.http;

import dev.penstock.job.JobInput;
import dev.penstock.job.JobKind;
import dev.penstock.provider.Progress;
import dev.penstock.provider.ProviderCall;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** What is particular to one protocol: how calls are put and answers read. Thread-safe. */
public interface Dialect {
  /** Whose protocol it is, by OpenTelemetry's names. */
  String vendor();

  /** What it can ask for. */
  Set<JobKind> kinds();

  /**
   * The name of the model for this call: that of the target, or the configured one.
   *
   * @return empty where there is none
   */
  String model(ProviderCall call);

  /** The call as a request. */
  Request request(ProviderCall call, String model);

  /** How a key is sent. */
  Header key(String key);

  /** Reads an answer that came as a whole, with a status of success. */
  Reply reply(JobInput input, JsonNode body);

  /** Reads an answer that comes as events. */
  StreamedReply streamed(JobInput input, Progress progress);
}
