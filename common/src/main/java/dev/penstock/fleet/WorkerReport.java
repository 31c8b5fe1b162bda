package dev.penstock.fleet;

import dev.penstock.job.JobId;
import dev.penstock.topic.Topics;
import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How a worker is, as it tells every few seconds. Nothing in it is of what jobs say: no input, no
 * output, no key.
 *
 * @param worker who it is
 * @param life tells its processes apart
 * @param version of the program
 * @param host where it runs
 * @param startedAt when its process started
 * @param opsUrl where its health and metrics are served, as it knows its address itself
 * @param state what it does
 * @param note why it does not work, for people; null where it does
 * @param drain whether an operator wants it to do nothing; kept here too, because commands are
 *     forgotten after a while
 * @param work what it has
 * @param surroundings whom it calls
 */
public record WorkerReport(
    String worker,
    String life,
    String version,
    String host,
    Instant startedAt,
    @Nullable String opsUrl,
    State state,
    @Nullable String note,
    boolean drain,
    Work work,
    Surroundings surroundings) {
  /** The most calls that are named, those that run longest. */
  public static final int MAX_CALLS = 50;

  /** The most entries of each other list. */
  public static final int MAX_ENTRIES = 200;

  /** The most topics whose partitions are named. */
  public static final int MAX_TOPICS = 50;

  /** The longest text, in UTF-16 code units. */
  public static final int MAX_TEXT_CHARS = 300;

  private static final Pattern ID = Pattern.compile("[a-zA-Z0-9._-]{1,200}");

  public WorkerReport {
    checkId(worker);
    checkText(life);
    checkText(version);
    checkText(host);
    checkText(opsUrl);
    checkText(note);
  }

  /** What a worker does. */
  public enum State {
    /** It claims jobs, or would if there were any. */
    RUNNING("running"),
    /** It claims nothing more and finishes what it runs. */
    DRAINING("draining"),
    /** An operator wants it to do nothing, and it does nothing. */
    DRAINED("drained"),
    /** It has ended in good order. */
    STOPPED("stopped");

    private final String wireName;

    State(String wireName) {
      this.wireName = wireName;
    }

    /** As it stands in records and answers. */
    public String wireName() {
      return wireName;
    }
  }

  /**
   * What it has.
   *
   * @param slots calls at once
   * @param busy slots that are taken
   * @param stuck calls that do not end
   * @param claimed jobs in memory
   * @param owned the partitions that it claims from
   * @param calls those that run longest, the longest first
   */
  public record Work(
      int slots, int busy, int stuck, int claimed, List<Owned> owned, List<Call> calls) {
    public Work {
      owned = List.copyOf(owned);
      calls = List.copyOf(calls);
      checkNotNegative(Math.min(Math.min(slots, busy), Math.min(stuck, claimed)));
      checkSize(owned, MAX_TOPICS, "topics");
      checkSize(calls, MAX_CALLS, "calls");
    }
  }

  /**
   * Partitions of one topic.
   *
   * @param partitions their numbers
   */
  public record Owned(String topic, List<Integer> partitions) {
    public Owned {
      checkText(topic);
      partitions = List.copyOf(partitions);
      checkSize(partitions, Topics.MAX_PARTITIONS, "partitions of a topic");
    }
  }

  /**
   * A call that runs.
   *
   * @param model as its job names it
   * @param called who is called: {@code provider} or {@code provider:model}
   * @param stuck whether it does not end although it was to
   */
  public record Call(
      JobId jobId,
      int generation,
      int attempt,
      String model,
      String called,
      Instant startedAt,
      boolean stuck) {
    public Call {
      checkText(model);
      checkText(called);
    }
  }

  /**
   * Whom it calls.
   *
   * @param providers the names of those that it can call
   * @param breakers of targets that its routes name, and of those that are not closed
   * @param limits those that it knows
   * @param gates where jobs wait until someone may be called
   * @param budgets those that are nearly or wholly spent
   * @param currency of its prices, as ISO 4217 names it; null where it has none
   */
  public record Surroundings(
      List<String> providers,
      List<Breaker> breakers,
      List<Limit> limits,
      List<Gate> gates,
      List<Budget> budgets,
      @Nullable String currency) {
    /** Nobody. */
    public static final Surroundings NONE =
        new Surroundings(List.of(), List.of(), List.of(), List.of(), List.of());

    public Surroundings {
      providers = List.copyOf(providers);
      breakers = List.copyOf(breakers);
      limits = List.copyOf(limits);
      gates = List.copyOf(gates);
      budgets = List.copyOf(budgets);
      for (List<?> each : List.of(providers, breakers, limits, gates, budgets)) {
        checkSize(each, MAX_ENTRIES, "entries");
      }
      providers.forEach(WorkerReport::checkText);
      checkText(currency);
    }

    /** Those of a worker without prices. */
    public Surroundings(
        List<String> providers,
        List<Breaker> breakers,
        List<Limit> limits,
        List<Gate> gates,
        List<Budget> budgets) {
      this(providers, breakers, limits, gates, budgets, null);
    }
  }

  /**
   * Whether a target is called.
   *
   * @param of the target
   * @param state {@code closed}, {@code half-open} or {@code open}
   * @param since when it was opened; null while it is closed
   */
  public record Breaker(String of, String state, @Nullable Instant since) {
    public Breaker {
      checkText(of);
      checkText(state);
    }
  }

  /**
   * A provider's limit, or one of a model of it.
   *
   * @param scope {@code provider} or {@code provider:model}
   * @param kind {@code requests-per-minute}, {@code tokens-per-minute} or {@code concurrency}
   * @param most the whole of it, for all workers
   * @param share what this worker may use
   * @param used what it uses
   * @param waited whether jobs of this worker wait for it
   */
  public record Limit(
      String scope, String kind, double most, double share, double used, boolean waited) {
    public Limit {
      checkText(scope);
      checkText(kind);
      if (!Double.isFinite(most) || !Double.isFinite(share) || !Double.isFinite(used)) {
        throw new IllegalArgumentException("a limit is a number");
      }
    }
  }

  /**
   * Ready jobs that wait until someone may be called for them.
   *
   * @param name the route, or the provider where jobs name no route
   * @param jobs how many wait
   */
  public record Gate(String name, int jobs) {
    public Gate {
      checkText(name);
      checkNotNegative(jobs);
    }
  }

  /**
   * A budget of all workers together, in billionths of the price table's currency.
   *
   * @param kind {@code tenant} or {@code route}
   * @param period {@code hour}, {@code day} or {@code month}
   */
  public record Budget(String kind, String name, String period, long limit, long spent) {
    public Budget {
      checkText(kind);
      checkText(name);
      checkText(period);
      checkNotNegative(Math.min(limit, spent));
    }

    /** Whether nothing is left of it. */
    public boolean isSpent() {
      return spent >= limit;
    }
  }

  /**
   * {@code text} as a report can hold it: others made it, so half surrogate pairs, which have no
   * UTF-8, are replaced, and it is cut.
   */
  public static String shown(String text) {
    String cut = text.length() <= MAX_TEXT_CHARS ? text : text.substring(0, MAX_TEXT_CHARS - 1);
    var whole = new StringBuilder(cut.length());
    cut.codePoints()
        .forEach(point ->
            whole.appendCodePoint(
                point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE
                    ? 0xFFFD
                    : point));
    return whole.toString();
  }

  static void checkId(String worker) {
    if (!ID.matcher(worker).matches()) {
      throw new IllegalArgumentException(
          "the id of a worker has 1 to 200 letters, digits, '.', '_' and '-'");
    }
  }

  /** Whether {@code text} can be the id of a worker. */
  public static boolean isId(String text) {
    return ID.matcher(text).matches();
  }

  private static void checkText(@Nullable String text) {
    if (text != null && text.length() > MAX_TEXT_CHARS) {
      throw new IllegalArgumentException(
          "a text of a report has at most " + MAX_TEXT_CHARS + " characters");
    }
  }

  private static void checkNotNegative(long number) {
    if (number < 0) {
      throw new IllegalArgumentException("a report counts from 0");
    }
  }

  private static void checkSize(List<?> list, int most, String what) {
    if (list.size() > most) {
      throw new IllegalArgumentException("a report has at most " + most + " " + what);
    }
  }
}
