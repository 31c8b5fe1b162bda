package dev.penstock.api;

import dev.penstock.api.http.Intake;
import dev.penstock.api.publish.Acceptance;
import dev.penstock.job.Priority;
import dev.penstock.runtime.telemetry.Span;
import dev.penstock.runtime.telemetry.SpanKind;
import dev.penstock.runtime.telemetry.Traces;
import dev.penstock.submission.JobRequest;
import dev.penstock.topic.Topics;
import java.time.InstantSource;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Tells of each job that is written as a part of its trace; the job's records carry that on. */
record TracedIntake(Intake intake, Traces traces, Topics topics, InstantSource clock)
    implements Intake {
  @Override
  public CompletableFuture<Acceptance> begin(
      JobRequest request, Optional<String> key, String traceparent, boolean forwarded) {
    Span span = traces.begin(SpanKind.PRODUCER, "jobs publish", traceparent, clock.instant());
    CompletableFuture<Acceptance> answer =
        intake.begin(request, key, span.traceparent(), forwarded);
    return span.isRecording()
        ? answer.whenComplete((acceptance, failure) -> {
          if (failure == null) {
            tell(span, request, acceptance);
          } else {
            span.failed("internal_error").end(clock.instant());
          }
        })
        : answer;
  }

  private void tell(Span span, JobRequest request, Acceptance acceptance) {
    span.set("messaging.system", "kafka")
        .set("messaging.operation.type", "send")
        .set("messaging.operation.name", "publish")
        .set("messaging.destination.name", topic(request))
        .set("penstock.job.kind", request.input().kind().wireName())
        .set("penstock.job.tenant", request.tenant().name());
    switch (acceptance) {
      case Acceptance.Accepted job -> {
        String id = job.id().toString();
        span.set("penstock.job.id", id).set("messaging.kafka.message.key", id);
        if (job.replayed()) {
          span.set("penstock.job.replayed", "true");
        }
      }
      case Acceptance.Refused refused -> span.failed(refused.problem().type().code());
    }
    span.end(clock.instant());
  }

  private String topic(JobRequest request) {
    return request.ordering() == null
        ? topics.jobs(Objects.requireNonNullElse(request.priority(), Priority.NORMAL))
        : topics.ordered();
  }
}
