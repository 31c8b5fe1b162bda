package dev.penstock.bench;

import dev.penstock.codec.Json;
import dev.penstock.job.JobKind;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** Requests to the intake, as they go over the wire. */
final class IntakeRequests {
  private IntakeRequests() {}

  /** One job as JSON. */
  static byte[] single(String text) {
    return post("application/json", job(text));
  }

  /** {@code lines} jobs, one a line. */
  static byte[] bulk(String text, int lines) {
    return post("application/x-ndjson", (job(text) + "\n").repeat(lines));
  }

  private static String job(String text) {
    var job = new LinkedHashMap<String, Object>();
    job.put("kind", JobKind.DETECT_LANGUAGE.wireName());
    job.put("model", BenchJobs.MODEL);
    job.put("input", Map.of("text", text));
    return Json.MAPPER.writeValueAsString(job);
  }

  private static byte[] post(String contentType, String body) {
    String request =
        "POST /v1/jobs HTTP/1.1\r\n"
            + "Host: penstock\r\n"
            + ("Content-Type: " + contentType + "\r\n")
            + ("Content-Length: " + body.length() + "\r\n")
            + "\r\n"
            + body;
    return request.getBytes(StandardCharsets.US_ASCII);
  }
}
