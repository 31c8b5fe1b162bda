package dev.penstock.streams.fleet;

import dev.penstock.fleet.WorkerReport;
import dev.penstock.job.JobId;
import dev.penstock.provider.Target;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code GET /v1/workers}. */
record WorkersAnswer(List<Shown> workers) {
  record Shown(
      String id,
      String life,
      String version,
      String host,
      Instant startedAt,
      Instant reportedAt,
      String state,
      @Nullable String reason,
      boolean drainRequested,
      int slots,
      int busy,
      int stuck,
      int claimed,
      List<Place> partitions,
      List<Call> calls,
      @Nullable String opsUrl) {}

  record Place(String topic, int partition) {}

  record Call(
      JobId jobId,
      int generation,
      int attempt,
      String model,
      String provider,
      String target,
      Instant startedAt,
      boolean stuck) {}

  static WorkersAnswer of(List<FleetTail.Worker> workers) {
    return new WorkersAnswer(workers.stream().map(WorkersAnswer::shown).toList());
  }

  private static Shown shown(FleetTail.Worker worker) {
    WorkerReport report = worker.report();
    // What one had that is gone is not its any more.
    WorkerReport.Work work = report.work();
    boolean there = worker.isThere();
    return new Shown(
        report.worker(),
        report.life(),
        report.version(),
        report.host(),
        report.startedAt(),
        worker.reportedAt(),
        worker.state(),
        worker.isSilent() ? "not heard since " + worker.reportedAt() : report.note(),
        report.drain(),
        work.slots(),
        there ? work.busy() : 0,
        there ? work.stuck() : 0,
        there ? work.claimed() : 0,
        there
            ? work.owned().stream()
                .flatMap(owned ->
                    owned.partitions().stream()
                        .map(partition -> new Place(owned.topic(), partition)))
                .toList()
            : List.of(),
        there ? work.calls().stream().map(WorkersAnswer::call).toList() : List.of(),
        report.opsUrl());
  }

  private static Call call(WorkerReport.Call call) {
    return new Call(
        call.jobId(),
        call.generation(),
        call.attempt(),
        call.model(),
        Target.of(call.called()).provider(),
        call.called(),
        call.startedAt(),
        call.stuck());
  }
}
