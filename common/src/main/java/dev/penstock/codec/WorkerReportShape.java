package dev.penstock.codec;

import dev.penstock.fleet.WorkerReport;
import dev.penstock.job.JobId;
import java.time.Instant;
import java.util.List;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.SerializedString;

/** {@link WorkerReport}. */
final class WorkerReportShape extends Shape<WorkerReport> {
  private static final WorkShape WORK_SHAPE = new WorkShape();
  private static final OwnedShape OWNED_SHAPE = new OwnedShape();
  private static final CallShape CALL_SHAPE = new CallShape();
  private static final SurroundingsShape SURROUNDINGS_SHAPE = new SurroundingsShape();
  private static final BreakerShape BREAKER_SHAPE = new BreakerShape();
  private static final LimitShape LIMIT_SHAPE = new LimitShape();
  private static final GateShape GATE_SHAPE = new GateShape();
  private static final BudgetShape BUDGET_SHAPE = new BudgetShape();
  private static final SerializedString WORKER = new SerializedString("worker");
  private static final SerializedString LIFE = new SerializedString("life");
  private static final SerializedString VERSION = new SerializedString("version");
  private static final SerializedString HOST = new SerializedString("host");
  private static final SerializedString STARTED_AT = new SerializedString("startedAt");
  private static final SerializedString OPS_URL = new SerializedString("opsUrl");
  private static final SerializedString STATE = new SerializedString("state");
  private static final SerializedString NOTE = new SerializedString("note");
  private static final SerializedString DRAIN = new SerializedString("drain");
  private static final SerializedString WORK = new SerializedString("work");
  private static final SerializedString SURROUNDINGS = new SerializedString("surroundings");

  @Override
  WorkerReport readFields(Fields in) {
    String worker = null;
    String life = null;
    String version = null;
    String host = null;
    Instant startedAt = null;
    String opsUrl = null;
    WorkerReport.State state = null;
    String note = null;
    Boolean drain = null;
    WorkerReport.Work work = null;
    WorkerReport.Surroundings surroundings = null;
    for (String field = in.next(); field != null; field = in.next()) {
      switch (field) {
        case "worker" -> worker = in.text();
        case "life" -> life = in.text();
        case "version" -> version = in.text();
        case "host" -> host = in.text();
        case "startedAt" -> startedAt = in.instant();
        case "opsUrl" -> opsUrl = in.isNull() ? null : in.text();
        case "state" -> state = state(in);
        case "note" -> note = in.isNull() ? null : in.text();
        case "drain" -> drain = in.bool();
        case "work" -> work = in.object(WORK_SHAPE);
        case "surroundings" -> surroundings = in.object(SURROUNDINGS_SHAPE);
        default -> in.skip();
      }
    }
    return new WorkerReport(
        in.required("worker", worker),
        in.required("life", life),
        in.required("version", version),
        in.required("host", host),
        in.required("startedAt", startedAt),
        opsUrl,
        in.required("state", state),
        note,
        in.required("drain", drain),
        in.required("work", work),
        in.required("surroundings", surroundings));
  }

  @Override
  void writeFields(WorkerReport value, JsonGenerator out) {
    out.writeName(WORKER).writeString(wellFormed(value.worker()));
    out.writeName(LIFE).writeString(wellFormed(value.life()));
    out.writeName(VERSION).writeString(wellFormed(value.version()));
    out.writeName(HOST).writeString(wellFormed(value.host()));
    out.writeName(STARTED_AT).writeString(TimeText.text(value.startedAt()));
    String opsUrl = value.opsUrl();
    if (opsUrl != null) {
      out.writeName(OPS_URL).writeString(wellFormed(opsUrl));
    }
    out.writeName(STATE).writeString(value.state().wireName());
    String note = value.note();
    if (note != null) {
      out.writeName(NOTE).writeString(wellFormed(note));
    }
    out.writeName(DRAIN).writeBoolean(value.drain());
    out.writeName(WORK);
    WORK_SHAPE.write(value.work(), out);
    out.writeName(SURROUNDINGS);
    SURROUNDINGS_SHAPE.write(value.surroundings(), out);
  }

  private static WorkerReport.State state(Fields in) {
    String name = in.text();
    for (WorkerReport.State state : WorkerReport.State.values()) {
      if (state.wireName().equals(name)) {
        return state;
      }
    }
    throw in.misfit("not a state of a worker");
  }

  private static final class WorkShape extends Shape<WorkerReport.Work> {
    private static final SerializedString SLOTS = new SerializedString("slots");
    private static final SerializedString BUSY = new SerializedString("busy");
    private static final SerializedString STUCK = new SerializedString("stuck");
    private static final SerializedString CLAIMED = new SerializedString("claimed");
    private static final SerializedString OWNED = new SerializedString("owned");
    private static final SerializedString CALLS = new SerializedString("calls");

    @Override
    WorkerReport.Work readFields(Fields in) {
      Integer slots = null;
      Integer busy = null;
      Integer stuck = null;
      Integer claimed = null;
      List<WorkerReport.Owned> owned = null;
      List<WorkerReport.Call> calls = null;
      for (String field = in.next(); field != null; field = in.next()) {
        switch (field) {
          case "slots" -> slots = in.integer();
          case "busy" -> busy = in.integer();
          case "stuck" -> stuck = in.integer();
          case "claimed" -> claimed = in.integer();
          case "owned" -> owned = in.objects(OWNED_SHAPE);
          case "calls" -> calls = in.objects(CALL_SHAPE);
          default -> in.skip();
        }
      }
      return new WorkerReport.Work(
          in.required("slots", slots),
          in.required("busy", busy),
          in.required("stuck", stuck),
          in.required("claimed", claimed),
          in.required("owned", owned),
          in.required("calls", calls));
    }

    @Override
    void writeFields(WorkerReport.Work value, JsonGenerator out) {
      out.writeName(SLOTS).writeNumber(value.slots());
      out.writeName(BUSY).writeNumber(value.busy());
      out.writeName(STUCK).writeNumber(value.stuck());
      out.writeName(CLAIMED).writeNumber(value.claimed());
      out.writeName(OWNED);
      OWNED_SHAPE.writeArray(value.owned(), out);
      out.writeName(CALLS);
      CALL_SHAPE.writeArray(value.calls(), out);
    }
  }

  private static final class OwnedShape extends Shape<WorkerReport.Owned> {
    private static final SerializedString TOPIC = new SerializedString("topic");
    private static final SerializedString PARTITIONS = new SerializedString("partitions");

    @Override
    WorkerReport.Owned readFields(Fields in) {
      String topic = null;
      List<Integer> partitions = null;
      for (String field = in.next(); field != null; field = in.next()) {
        switch (field) {
          case "topic" -> topic = in.text();
          case "partitions" -> partitions = in.integers();
          default -> in.skip();
        }
      }
      return new WorkerReport.Owned(
          in.required("topic", topic), in.required("partitions", partitions));
    }

    @Override
    void writeFields(WorkerReport.Owned value, JsonGenerator out) {
      out.writeName(TOPIC).writeString(wellFormed(value.topic()));
      out.writeName(PARTITIONS).writeStartArray();
      for (int each : value.partitions()) {
        out.writeNumber(each);
      }
      out.writeEndArray();
    }
  }

  private static final class CallShape extends Shape<WorkerReport.Call> {
    private static final SerializedString JOB_ID = new SerializedString("jobId");
    private static final SerializedString GENERATION = new SerializedString("generation");
    private static final SerializedString ATTEMPT = new SerializedString("attempt");
    private static final SerializedString MODEL = new SerializedString("model");
    private static final SerializedString CALLED = new SerializedString("called");
    private static final SerializedString STARTED_AT = new SerializedString("startedAt");
    private static final SerializedString STUCK = new SerializedString("stuck");

    @Override
    WorkerReport.Call readFields(Fields in) {
      JobId jobId = null;
      Integer generation = null;
      Integer attempt = null;
      String model = null;
      String called = null;
      Instant startedAt = null;
      Boolean stuck = null;
      for (String field = in.next(); field != null; field = in.next()) {
        switch (field) {
          case "jobId" -> jobId = in.id();
          case "generation" -> generation = in.integer();
          case "attempt" -> attempt = in.integer();
          case "model" -> model = in.text();
          case "called" -> called = in.text();
          case "startedAt" -> startedAt = in.instant();
          case "stuck" -> stuck = in.bool();
          default -> in.skip();
        }
      }
      return new WorkerReport.Call(
          in.required("jobId", jobId),
          in.required("generation", generation),
          in.required("attempt", attempt),
          in.required("model", model),
          in.required("called", called),
          in.required("startedAt", startedAt),
          in.required("stuck", stuck));
    }

    @Override
    void writeFields(WorkerReport.Call value, JsonGenerator out) {
      out.writeName(JOB_ID).writeString(value.jobId().toString());
      out.writeName(GENERATION).writeNumber(value.generation());
      out.writeName(ATTEMPT).writeNumber(value.attempt());
      out.writeName(MODEL).writeString(wellFormed(value.model()));
      out.writeName(CALLED).writeString(wellFormed(value.called()));
      out.writeName(STARTED_AT).writeString(TimeText.text(value.startedAt()));
      out.writeName(STUCK).writeBoolean(value.stuck());
    }
  }

  private static final class SurroundingsShape extends Shape<WorkerReport.Surroundings> {
    private static final SerializedString PROVIDERS = new SerializedString("providers");
    private static final SerializedString BREAKERS = new SerializedString("breakers");
    private static final SerializedString LIMITS = new SerializedString("limits");
    private static final SerializedString GATES = new SerializedString("gates");
    private static final SerializedString BUDGETS = new SerializedString("budgets");
    private static final SerializedString CURRENCY = new SerializedString("currency");

    @Override
    WorkerReport.Surroundings readFields(Fields in) {
      List<String> providers = null;
      List<WorkerReport.Breaker> breakers = null;
      List<WorkerReport.Limit> limits = null;
      List<WorkerReport.Gate> gates = null;
      List<WorkerReport.Budget> budgets = null;
      String currency = null;
      for (String field = in.next(); field != null; field = in.next()) {
        switch (field) {
          case "providers" -> providers = in.texts();
          case "breakers" -> breakers = in.objects(BREAKER_SHAPE);
          case "limits" -> limits = in.objects(LIMIT_SHAPE);
          case "gates" -> gates = in.objects(GATE_SHAPE);
          case "budgets" -> budgets = in.objects(BUDGET_SHAPE);
          case "currency" -> currency = in.isNull() ? null : in.text();
          default -> in.skip();
        }
      }
      return new WorkerReport.Surroundings(
          in.required("providers", providers),
          in.required("breakers", breakers),
          in.required("limits", limits),
          in.required("gates", gates),
          in.required("budgets", budgets),
          currency);
    }

    @Override
    void writeFields(WorkerReport.Surroundings value, JsonGenerator out) {
      out.writeName(PROVIDERS).writeStartArray();
      for (String each : value.providers()) {
        out.writeString(wellFormed(each));
      }
      out.writeEndArray();
      out.writeName(BREAKERS);
      BREAKER_SHAPE.writeArray(value.breakers(), out);
      out.writeName(LIMITS);
      LIMIT_SHAPE.writeArray(value.limits(), out);
      out.writeName(GATES);
      GATE_SHAPE.writeArray(value.gates(), out);
      out.writeName(BUDGETS);
      BUDGET_SHAPE.writeArray(value.budgets(), out);
      String currency = value.currency();
      if (currency != null) {
        out.writeName(CURRENCY).writeString(wellFormed(currency));
      }
    }
  }

  private static final class BreakerShape extends Shape<WorkerReport.Breaker> {
    private static final SerializedString OF = new SerializedString("of");
    private static final SerializedString STATE = new SerializedString("state");
    private static final SerializedString SINCE = new SerializedString("since");

    @Override
    WorkerReport.Breaker readFields(Fields in) {
      String of = null;
      String state = null;
      Instant since = null;
      for (String field = in.next(); field != null; field = in.next()) {
        switch (field) {
          case "of" -> of = in.text();
          case "state" -> state = in.text();
          case "since" -> since = in.isNull() ? null : in.instant();
          default -> in.skip();
        }
      }
      return new WorkerReport.Breaker(in.required("of", of), in.required("state", state), since);
    }

    @Override
    void writeFields(WorkerReport.Breaker value, JsonGenerator out) {
      out.writeName(OF).writeString(wellFormed(value.of()));
      out.writeName(STATE).writeString(wellFormed(value.state()));
      Instant since = value.since();
      if (since != null) {
        out.writeName(SINCE).writeString(TimeText.text(since));
      }
    }
  }

  private static final class LimitShape extends Shape<WorkerReport.Limit> {
    private static final SerializedString SCOPE = new SerializedString("scope");
    private static final SerializedString KIND = new SerializedString("kind");
    private static final SerializedString MOST = new SerializedString("most");
    private static final SerializedString SHARE = new SerializedString("share");
    private static final SerializedString USED = new SerializedString("used");
    private static final SerializedString WAITED = new SerializedString("waited");

    @Override
    WorkerReport.Limit readFields(Fields in) {
      String scope = null;
      String kind = null;
      Double most = null;
      Double share = null;
      Double used = null;
      Boolean waited = null;
      for (String field = in.next(); field != null; field = in.next()) {
        switch (field) {
          case "scope" -> scope = in.text();
          case "kind" -> kind = in.text();
          case "most" -> most = in.real();
          case "share" -> share = in.real();
          case "used" -> used = in.real();
          case "waited" -> waited = in.bool();
          default -> in.skip();
        }
      }
      return new WorkerReport.Limit(
          in.required("scope", scope),
          in.required("kind", kind),
          in.required("most", most),
          in.required("share", share),
          in.required("used", used),
          in.required("waited", waited));
    }

    @Override
    void writeFields(WorkerReport.Limit value, JsonGenerator out) {
      out.writeName(SCOPE).writeString(wellFormed(value.scope()));
      out.writeName(KIND).writeString(wellFormed(value.kind()));
      out.writeName(MOST).writeNumber(value.most());
      out.writeName(SHARE).writeNumber(value.share());
      out.writeName(USED).writeNumber(value.used());
      out.writeName(WAITED).writeBoolean(value.waited());
    }
  }

  private static final class GateShape extends Shape<WorkerReport.Gate> {
    private static final SerializedString NAME = new SerializedString("name");
    private static final SerializedString JOBS = new SerializedString("jobs");

    @Override
    WorkerReport.Gate readFields(Fields in) {
      String name = null;
      Integer jobs = null;
      for (String field = in.next(); field != null; field = in.next()) {
        switch (field) {
          case "name" -> name = in.text();
          case "jobs" -> jobs = in.integer();
          default -> in.skip();
        }
      }
      return new WorkerReport.Gate(in.required("name", name), in.required("jobs", jobs));
    }

    @Override
    void writeFields(WorkerReport.Gate value, JsonGenerator out) {
      out.writeName(NAME).writeString(wellFormed(value.name()));
      out.writeName(JOBS).writeNumber(value.jobs());
    }
  }

  private static final class BudgetShape extends Shape<WorkerReport.Budget> {
    private static final SerializedString KIND = new SerializedString("kind");
    private static final SerializedString NAME = new SerializedString("name");
    private static final SerializedString PERIOD = new SerializedString("period");
    private static final SerializedString LIMIT = new SerializedString("limit");
    private static final SerializedString SPENT = new SerializedString("spent");

    @Override
    WorkerReport.Budget readFields(Fields in) {
      String kind = null;
      String name = null;
      String period = null;
      Long limit = null;
      Long spent = null;
      for (String field = in.next(); field != null; field = in.next()) {
        switch (field) {
          case "kind" -> kind = in.text();
          case "name" -> name = in.text();
          case "period" -> period = in.text();
          case "limit" -> limit = in.longInteger();
          case "spent" -> spent = in.longInteger();
          default -> in.skip();
        }
      }
      return new WorkerReport.Budget(
          in.required("kind", kind),
          in.required("name", name),
          in.required("period", period),
          in.required("limit", limit),
          in.required("spent", spent));
    }

    @Override
    void writeFields(WorkerReport.Budget value, JsonGenerator out) {
      out.writeName(KIND).writeString(wellFormed(value.kind()));
      out.writeName(NAME).writeString(wellFormed(value.name()));
      out.writeName(PERIOD).writeString(wellFormed(value.period()));
      out.writeName(LIMIT).writeNumber(value.limit());
      out.writeName(SPENT).writeNumber(value.spent());
    }
  }
}
