package dev.penstock.streams.report;

import dev.penstock.codec.Json;
import dev.penstock.job.JobId;
import dev.penstock.streams.order.HeldLines.Held;
import dev.penstock.streams.report.Attention.Severity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/**
 * Says which ordering keys are blocked: their head is a dead letter that was submitted to block, so
 * those behind it wait until a person does something. Looks every few seconds on a thread of its
 * own; what it says is as old as that. Thread-safe.
 */
final class BlockedLines implements AttentionSource, AutoCloseable {
  static final String PATH = "/internal/v1/lines/blocked";

  private static final Logger log = LoggerFactory.getLogger(BlockedLines.class);
  private static final Duration PERIOD = Duration.ofSeconds(10);

  /** Of how many heads it is asked in a turn what became of them; the choice is random. */
  private static final int MAX_ASKED = 500;

  /** The most lines that are told one by one. */
  private static final int MAX_TOLD = 50;

  private static final int MAX_NAMED = 3;

  private final Supplier<List<Held>> held;
  private final Fate fate;
  private final Elsewhere elsewhere;
  private volatile Part own = Part.NONE;
  private volatile Part all = Part.NONE;
  private final Thread looking;

  /** Knows what became of jobs. */
  @FunctionalInterface
  interface Fate {
    /** Whether the generation is known to be a dead letter. */
    boolean isDeadLettered(JobId job, int generation) throws InterruptedException;
  }

  /** The other instances' parts. */
  @FunctionalInterface
  interface Elsewhere {
    Collection<byte[]> parts(String path) throws InterruptedException;
  }

  /** A blocked line. */
  record Blocked(String key, String job, int waiting) {}

  /**
   * What an instance tells the others.
   *
   * @param count how many lines are blocked
   * @param most those in which the most wait
   */
  record Part(int count, List<Blocked> most) {
    static final Part NONE = new Part(0, List.of());

    Part plus(Part other) {
      var both = new ArrayList<>(most);
      both.addAll(other.most);
      return new Part(count + other.count, longest(both));
    }
  }

  BlockedLines(Supplier<List<Held>> held, Fate fate, Elsewhere elsewhere) {
    this.held = held;
    this.fate = fate;
    this.elsewhere = elsewhere;
    this.looking = Thread.ofPlatform().name("penstock-blocked-lines").daemon().unstarted(this::run);
  }

  /** Looks from now on. */
  void start() {
    looking.start();
  }

  private void run() {
    try {
      while (true) {
        try {
          look();
        } catch (RuntimeException e) {
          log.warn("which ordering keys are blocked stays as it was told last", e);
        }
        Thread.sleep(PERIOD);
      }
    } catch (InterruptedException _) {
      // Closed.
    }
  }

  /** Looks once. */
  void look() throws InterruptedException {
    var standing = new ArrayList<>(held.get());
    Collections.shuffle(standing);
    var blocked = new ArrayList<Blocked>();
    for (Held line : standing.subList(0, Math.min(MAX_ASKED, standing.size()))) {
      if (fate.isDeadLettered(line.head(), line.generation())) {
        blocked.add(new Blocked(line.key(), line.head().toString(), line.waiting()));
      }
    }
    Part here = new Part(blocked.size(), longest(blocked));
    own = here;
    Part together = here;
    for (byte[] part : elsewhere.parts(PATH)) {
      try {
        together = together.plus(Json.MAPPER.readValue(part, Part.class));
      } catch (JacksonException e) {
        // As while instances of two versions run.
        log.debug("another instance's blocked lines can't be read", e);
      }
    }
    all = together;
  }

  /** What this instance knows, for the others. */
  Part own() {
    return own;
  }

  private static List<Blocked> longest(List<Blocked> lines) {
    return lines.stream()
        .sorted(Comparator.comparingInt(Blocked::waiting).reversed().thenComparing(Blocked::key))
        .limit(MAX_TOLD)
        .toList();
  }

  @Override
  public List<Attention> now() {
    Part now = all;
    if (now.count() == 0 || now.most().isEmpty()) {
      return List.of();
    }
    String named =
        now.most().stream()
            .limit(MAX_NAMED)
            .map(line ->
                String.format(
                    Locale.ROOT,
                    "'%s': %,d %s behind %s",
                    line.key(),
                    line.waiting(),
                    line.waiting() == 1 ? "job waits" : "jobs wait",
                    line.job()))
            .collect(Collectors.joining("; "));
    int more = now.count() - Math.min(MAX_NAMED, now.most().size());
    return List.of(
        new Attention(
            "ordering_key_blocked",
            Severity.WARNING,
            now.count() == 1
                ? "An ordering key is blocked by a dead letter"
                : now.count() + " ordering keys are blocked by dead letters",
            named
                + (more > 0 ? "; and " + more + " more" : "")
                + ". Release the key ('penstock release JOB', or Release on the job's page), and"
                + " those behind it run without it.",
            now.count() == 1 ? "/#/jobs/" + now.most().getFirst().job() : "/#/dead-letters"));
  }

  @Override
  public void close() {
    looking.interrupt();
  }
}
