package dev.penstock.streams.search;

import dev.penstock.job.JobId;
import java.net.URI;
import java.net.http.HttpRequest;
import java.util.Locale;
import java.util.Optional;

/** What can be asked for many jobs at once. */
enum JobAction {
  CANCEL,
  RELEASE,
  RETRY_NOW;

  String wireName() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static Optional<JobAction> ofWireName(String name) {
    for (JobAction action : values()) {
      if (action.wireName().equals(name)) {
        return Optional.of(action);
      }
    }
    return Optional.empty();
  }

  /** The request that asks the intake for it. */
  HttpRequest.Builder request(URI api, JobId id) {
    String job = api + "/v1/jobs/" + id;
    return switch (this) {
      case CANCEL -> HttpRequest.newBuilder(URI.create(job)).DELETE();
      case RELEASE -> post(job + "/release");
      case RETRY_NOW -> post(job + "/retry-now");
    };
  }

  private static HttpRequest.Builder post(String uri) {
    return HttpRequest.newBuilder(URI.create(uri)).POST(HttpRequest.BodyPublishers.noBody());
  }
}
