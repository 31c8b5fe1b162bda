package dev.penstock.api.schedule;

import dev.penstock.codec.Json;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.runtime.ownership.KafkaPartitionLog;
import dev.penstock.runtime.ownership.Neighbours;
import dev.penstock.runtime.ownership.PartitionOwnership;
import dev.penstock.submission.Contract;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemException;
import dev.penstock.submission.problem.ProblemType;
import dev.penstock.topic.Topics;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Utils;

/**
 * The recurring schedules: fires those whose partition this intake owns, and sends what is asked
 * about the others to their owners. Thread-safe.
 */
public final class Schedules implements AutoCloseable {
  /** The largest body of a schedule: it is written anew with each firing. */
  public static final int MAX_BODY_BYTES = 100_000;

  static final String PATH = "/v1/schedules";

  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}");
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  /** How long to wait before the owner of a schedule is looked up again. */
  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

  /** How long one owner may take to answer before it is looked up again. */
  static final Duration ONE_OWNER = Duration.ofSeconds(3);

  private static final int NEXT_TIMES = 5;

  private final Settings settings;
  private final Parts parts;
  private final ScheduleReader reader;
  private final ScheduleMetrics metrics;
  private final Map<Integer, SchedulePartition> partitions = new ConcurrentHashMap<>();
  private volatile boolean closed;

  /**
   * What it goes by.
   *
   * @param defaultModel of jobs that name none
   * @param publishTimeout how long Kafka may take for one step
   * @param patience how long a request may wait for an owner
   * @param maxPerPartition how many schedules there may be in each partition
   * @param minInterval the shortest time between two firings of one schedule
   */
  public record Settings(
      KafkaConfig kafka,
      String defaultModel,
      Duration publishTimeout,
      Duration patience,
      int maxPerPartition,
      Duration minInterval) {}

  /**
   * What it works with.
   *
   * @param ownership of the partitions; not started yet, and ended before this is
   * @param neighbours how the owners of other partitions are reached
   * @param formers tells whether a schedule's former job has ended
   * @param newTrace the W3C trace context of a job that is fired
   */
  public record Parts(
      Contract contract,
      InstantSource clock,
      PartitionOwnership ownership,
      Neighbours neighbours,
      FormerJobs formers,
      MeterRegistry registry,
      Supplier<String> newTrace) {}

  /**
   * A request about one schedule.
   *
   * @param name of the schedule, as it came
   * @param precondition what the client expects to find
   * @param forwarded whether another intake sent it here as to the owner
   */
  public record Request(String name, Precondition precondition, boolean forwarded) {}

  /** How the same is asked of another intake. */
  private record Forwarded(String method, String path, String body, Precondition precondition) {}

  public Schedules(Settings settings, Parts parts) {
    this.settings = settings;
    this.parts = parts;
    this.reader = new ScheduleReader(parts.contract(), parts.clock(), settings.minInterval());
    this.metrics = new ScheduleMetrics(parts.registry());
    parts
        .ownership()
        .listen(
            new PartitionOwnership.Listener() {
              @Override
              public void gained(int partition) {
                Schedules.this.gained(partition);
              }

              @Override
              public void lost(int partition) {
                // The group's callback must be short; what is under way ends on its own thread.
                Thread.ofVirtual().start(() -> Schedules.this.lost(partition));
              }
            });
  }

  private void gained(int number) {
    var partition =
        new SchedulePartition(
            number,
            new SchedulePartition.Parts(
                topics(),
                settings.defaultModel(),
                parts.clock(),
                () ->
                    new KafkaPartitionLog(
                        settings.kafka(),
                        settings.publishTimeout(),
                        new TopicPartition(topics().schedules(), number),
                        "intake-schedules"),
                reader,
                parts.formers(),
                metrics,
                settings.maxPerPartition(),
                parts.newTrace()),
            SchedulePartition.REST);
    SchedulePartition former = partitions.put(number, partition);
    if (former != null) {
      Thread.ofVirtual().start(former::close);
    }
    partition.start();
  }

  private void lost(int number) {
    SchedulePartition left = partitions.get(number);
    if (left != null && !parts.ownership().owns(number) && partitions.remove(number, left)) {
      left.close();
    }
  }

  /**
   * Creates or replaces a schedule.
   *
   * @throws ProblemException when it is not valid, or can't be written
   */
  public ScheduleAnswer put(Request request, byte[] body) {
    String name = checked(request.name());
    ScheduleRequest schedule = reader.admit(body);
    return about(
        request,
        new Command.Put(name, schedule, request.precondition(), UUID.randomUUID().toString()),
        new Forwarded(
            "PUT", path(name), new String(body, StandardCharsets.UTF_8), request.precondition()));
  }

  /** The schedule with its next fire times. */
  public ScheduleAnswer get(Request request) {
    String name = checked(request.name());
    return about(request, new Command.Read(name), plain("GET", path(name)));
  }

  /** Ends a schedule. */
  public ScheduleAnswer delete(Request request) {
    String name = checked(request.name());
    return about(
        request,
        new Command.Delete(name, request.precondition()),
        new Forwarded("DELETE", path(name), "", request.precondition()));
  }

  /** Lets a schedule rest, or go on. */
  public ScheduleAnswer pause(Request request, boolean paused) {
    String name = checked(request.name());
    return about(
        request,
        new Command.Pause(name, paused),
        plain("POST", path(name) + (paused ? "/pause" : "/resume")));
  }

  private static Forwarded plain(String method, String path) {
    return new Forwarded(method, path, "", new Precondition(Optional.empty(), Optional.empty()));
  }

  private static String path(String name) {
    return PATH + "/" + name;
  }

  /** Whether {@code text} can be the name of a schedule. */
  public static boolean isName(String text) {
    return NAME.matcher(text).matches();
  }

  private static String checked(String name) {
    if (!isName(name)) {
      throw new ProblemException(
          Problem.of(
              ProblemType.INVALID_SCHEDULE_NAME,
              "a name is 1 to 100 letters, digits, '.', '_' and '-', and begins with a letter or"
                  + " digit"));
    }
    return name;
  }

  private ScheduleAnswer about(Request request, Command.Work work, Forwarded forwarded) {
    int partition =
        Utils.toPositive(Utils.murmur2(request.name().getBytes(StandardCharsets.US_ASCII)))
            % topics().partitions();
    long deadline = System.nanoTime() + settings.patience().toNanos();
    try {
      while (true) {
        Optional<ScheduleAnswer> answer = Optional.empty();
        if (parts.ownership().owns(partition)) {
          answer = here(partition, work, deadline).map(Schedules::answer);
        } else if (request.forwarded()) {
          throw noOwner();
        } else {
          Optional<URI> owner = parts.ownership().owner(partition);
          if (owner.isPresent()) {
            answer = there(owner.get(), forwarded, left(deadline));
          }
        }
        if (answer.isPresent()) {
          return answer.get();
        }
        if (closed || System.nanoTime() > deadline) {
          throw noOwner();
        }
        Thread.sleep(LOOK_AGAIN);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw noOwner();
    }
  }

  /** What the partition answers; nothing when it has moved. */
  Optional<Command.Answer> here(int partition, Command.Work work, long deadline)
      throws InterruptedException {
    SchedulePartition owned = partitions.get(partition);
    if (owned == null) {
      return Optional.empty();
    }
    var command = new Command(work);
    owned.submit(command);
    try {
      Command.Answer answer = command.answer().get(left(deadline).toNanos(), TimeUnit.NANOSECONDS);
      return answer instanceof Command.Moved ? Optional.empty() : Optional.of(answer);
    } catch (TimeoutException _) {
      throw noOwner();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  private static ScheduleAnswer answer(Command.Answer answer) {
    return switch (answer) {
      case Command.Found(Schedule schedule, boolean created) ->
          new ScheduleAnswer(
              created ? 201 : 200,
              Optional.of("\"" + schedule.version() + "\""),
              Json.MAPPER.writeValueAsString(schedule.view(true, NEXT_TIMES)));
      case Command.Deleted(String name) ->
          new ScheduleAnswer(
              200,
              Optional.empty(),
              Json.MAPPER.writeValueAsString(
                  Json.MAPPER.createObjectNode().put("name", name).put("deleted", true)));
      case Command.Refused(Problem problem) -> throw new ProblemException(problem);
      case Command.Listed _, Command.Looked _, Command.Moved _ ->
          throw new IllegalStateException("not an answer about one schedule: " + answer);
    };
  }

  /** What the owner answers; nothing when it does not, or is not the owner. */
  private Optional<ScheduleAnswer> there(URI owner, Forwarded forwarded, Duration timeout)
      throws InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(owner.resolve(forwarded.path()))
            .header("Content-Type", "application/json")
            .method(forwarded.method(), BodyPublishers.ofString(forwarded.body()));
    Precondition precondition = forwarded.precondition();
    precondition.ifMatch().ifPresent(tags -> request.header("If-Match", tags));
    precondition.ifNoneMatch().ifPresent(tags -> request.header("If-None-Match", tags));
    // What has no precondition can be asked for again, of whoever owns it by then.
    Duration patient =
        precondition.isNone() && timeout.compareTo(ONE_OWNER) > 0 ? ONE_OWNER : timeout;
    Optional<HttpResponse<byte[]>> response = parts.neighbours().send(request, patient);
    if (response.isEmpty() && !precondition.isNone()) {
      // It may have been done: asked for again, its own precondition would refuse it.
      throw new ProblemException(
          Problem.passing(
              ProblemType.SCHEDULES_UNAVAILABLE,
              "the intake that owns this schedule did not answer; the change may have been made;"
                  + " ask for the schedule",
              RETRY_AFTER));
    }
    return response.flatMap(Schedules::relayed);
  }

  private static Optional<ScheduleAnswer> relayed(HttpResponse<byte[]> response) {
    if (response.statusCode() / 100 == 2) {
      return Optional.of(
          new ScheduleAnswer(
              response.statusCode(),
              response.headers().firstValue("ETag"),
              new String(response.body(), StandardCharsets.UTF_8)));
    }
    Optional<Problem> problem = problem(response);
    if (problem.isPresent() && problem.get().type() != ProblemType.SCHEDULES_UNAVAILABLE) {
      throw new ProblemException(problem.get());
    }
    return Optional.empty();
  }

  private static Optional<Problem> problem(HttpResponse<byte[]> response) {
    var retryAfter =
        Duration.ofSeconds(
            Math.min(3_600, response.headers().firstValueAsLong("Retry-After").orElse(0)));
    return Problem.parse(response.body(), retryAfter);
  }

  static ProblemException noOwner() {
    return new ProblemException(
        Problem.passing(
            ProblemType.SCHEDULES_UNAVAILABLE,
            "the intake that owns this schedule does not answer; it is not known whether a change"
                + " was made; asking again is safe",
            RETRY_AFTER));
  }

  private static Duration left(long deadline) {
    return Duration.ofNanos(Math.max(1_000_000, deadline - System.nanoTime()));
  }

  private Topics topics() {
    return settings.kafka().topics();
  }

  /** The pages of the list. */
  public SchedulePages pages() {
    return new SchedulePages(this, parts.ownership(), parts.neighbours(), settings.patience());
  }

  int partitionCount() {
    return topics().partitions();
  }

  /** Hands the schedules over to the other intakes. */
  @Override
  public void close() {
    closed = true;
    for (Integer number : List.copyOf(partitions.keySet())) {
      SchedulePartition left = partitions.remove(number);
      if (left != null) {
        left.close();
      }
    }
  }
}
