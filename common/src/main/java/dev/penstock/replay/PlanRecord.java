package dev.penstock.replay;

import dev.penstock.job.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What stands on the topic of plans, in the order in which it was decided. */
public sealed interface PlanRecord {
  /** The longest reason, name and note, in UTF-16 code units. */
  int MAX_TEXT_CHARS = 1_000;

  /** The longest change, in UTF-16 code units. */
  int MAX_PATCH_CHARS = 100_000;

  /** The longest selection, in UTF-16 code units. */
  int MAX_SELECTION_CHARS = 450_000;

  /** The longest preview, in bytes of UTF-8. */
  int MAX_PREVIEW_BYTES = 200_000;

  PlanId id();

  /** Its key in the compacted topic. */
  String key();

  /**
   * A plan as it is now.
   *
   * @param name for people
   * @param requestedBy who made it
   * @param selection what was asked for, in the words of the request
   * @param ends where each partition of dead letters ended when the plan was asked for, by number:
   *     only what stands below is selected, so a selection that is made anew is the same
   * @param canary what is done first, or null where everything is one stage
   * @param shares what was selected, frozen: which offsets, the {@link Offsets} tell; none before
   *     it is a draft
   * @param state where it is in its life
   * @param stage which of its stages it is in, from 0
   * @param version counts the changes, from 1
   * @param note why it is where it is, for people, or null
   */
  record Plan(
      PlanId id,
      String name,
      String requestedBy,
      Instant createdAt,
      JsonObject selection,
      List<Long> ends,
      Action action,
      Pace pace,
      @Nullable Canary canary,
      List<Share> shares,
      State state,
      int stage,
      int version,
      Instant changedAt,
      @Nullable String note)
      implements PlanRecord {
    public Plan {
      shares = List.copyOf(shares);
      ends = List.copyOf(ends);
      check(
          selection.text().length() <= MAX_SELECTION_CHARS,
          "a selection has at most " + MAX_SELECTION_CHARS + " characters");
      check(!name.isBlank() && name.length() <= MAX_TEXT_CHARS, "a plan has a name");
      check(stage >= 0, "stages are counted from 0");
      check(version >= 1, "versions are counted from 1");
    }

    @Override
    public String key() {
      return id.text();
    }
  }

  /**
   * Some of the offsets that a plan selects.
   *
   * @param stage of which stage of the plan
   * @param partition of which partition of dead letters
   * @param number which part it is, from 0
   * @param offsets a serialised Roaring bitmap of 64 bits, in base64
   */
  record Offsets(PlanId id, int stage, int partition, int number, String offsets)
      implements PlanRecord {
    @Override
    public String key() {
      return id + "/" + stage + "/" + partition + "/" + number;
    }
  }

  /**
   * What people are shown before they confirm a plan.
   *
   * @param preview at most {@link #MAX_PREVIEW_BYTES} long
   */
  record Preview(PlanId id, JsonObject preview) implements PlanRecord {
    public Preview {
      check(
          preview.text().getBytes(StandardCharsets.UTF_8).length <= MAX_PREVIEW_BYTES,
          "a preview has at most " + MAX_PREVIEW_BYTES + " bytes");
    }

    @Override
    public String key() {
      return key(id);
    }

    /** The key of the preview of that plan. */
    public static String key(PlanId plan) {
      return plan + "/preview";
    }
  }

  /** What is done with each selected dead letter. */
  sealed interface Action {
    /**
     * Its job runs again.
     *
     * @param maxGeneration a job whose failed generation is this one or a later one is refused: it
     *     has come back too often
     * @param patch a JSON Patch (RFC 6902) of the submission that would ask for the job, or null
     *     where it runs as it was
     */
    record Replay(int maxGeneration, @Nullable String patch) implements Action {
      /** Whoever names no bound has jobs replayed three times. */
      public static final int DEFAULT_MAX_GENERATION = 3;

      public Replay {
        check(maxGeneration >= 1, "maxGeneration is at least 1");
        check(
            patch == null || patch.length() <= MAX_PATCH_CHARS,
            "a change has at most " + MAX_PATCH_CHARS + " characters");
      }
    }

    /** It is given up. */
    record Discard(String reason) implements Action {
      public Discard {
        check(
            !reason.isBlank() && reason.length() <= MAX_TEXT_CHARS,
            "a reason has 1 to " + MAX_TEXT_CHARS + " characters");
      }
    }

    /**
     * It is given up, whether it was replayed or not, and what stands at the start of the log goes.
     * A log can only be cut at its start: a purged record goes when all before it are purged.
     */
    record Purge(String reason) implements Action {
      public Purge {
        check(
            !reason.isBlank() && reason.length() <= MAX_TEXT_CHARS,
            "a reason has 1 to " + MAX_TEXT_CHARS + " characters");
      }
    }
  }

  /**
   * What a plan does before the rest, to see how it goes. Either {@code count} or {@code percent}
   * says how much that is.
   *
   * @param count so many dead letters
   * @param percent so many in a hundred of the selected ones, more than 0
   * @param then what follows when all of it has ended
   * @param minSucceeded from 0 to 1: which part of what was replayed has to succeed for the rest to
   *     follow by itself; of no meaning where a person is waited for
   */
  record Canary(@Nullable Integer count, @Nullable Double percent, Then then, double minSucceeded) {
    public static final int MAX_COUNT = 1_000_000;

    public Canary {
      check((count == null) != (percent == null), "a canary has a count or a percent");
      check(
          count == null || (count >= 1 && count <= MAX_COUNT),
          "the count of a canary is 1 to " + MAX_COUNT);
      check(
          percent == null || (percent > 0 && percent <= 100),
          "the percent of a canary is more than 0 and at most 100");
      check(minSucceeded >= 0 && minSucceeded <= 1, "minSucceeded is 0 to 1");
    }

    /** What follows a canary. The names are those on the wire. */
    public enum Then {
      /** The plan waits for a person. */
      STOP("stop"),
      /** The rest follows where enough has succeeded; else the plan waits for a person. */
      GO_ON("go-on");

      private static final List<Then> ALL = List.of(values());

      private final String wireName;

      Then(String wireName) {
        this.wireName = wireName;
      }

      public String wireName() {
        return wireName;
      }

      /**
       * The one that is called {@code wireName}.
       *
       * @throws IllegalArgumentException when none is
       */
      public static Then of(String wireName) {
        for (Then then : ALL) {
          if (then.wireName.equals(wireName)) {
            return then;
          }
        }
        throw new IllegalArgumentException("no end of a canary that this program knows");
      }
    }
  }

  /**
   * How fast a plan may go.
   *
   * @param inFlight how many jobs may run or wait at once that it has replayed
   * @param perSecond how many it replays a second at most, or null for as many as it can
   */
  record Pace(int inFlight, @Nullable Double perSecond) {
    public static final int MAX_IN_FLIGHT = 1_000_000;

    public Pace {
      check(inFlight >= 1 && inFlight <= MAX_IN_FLIGHT, "inFlight is 1 to " + MAX_IN_FLIGHT);
      check(
          perSecond == null || (perSecond > 0 && perSecond <= 1_000_000),
          "perSecond is more than 0 and at most 1000000");
    }
  }

  /**
   * How many dead letters of a partition a stage of a plan selects.
   *
   * @param count how many, at least 1
   * @param parts in how many {@link Offsets} they are told
   */
  record Share(int stage, int partition, long count, int parts) {
    public Share {
      check(stage >= 0 && partition >= 0 && count >= 1 && parts >= 1, "a share has no such counts");
    }
  }

  /** Where a plan is in its life. The names are those on the wire. */
  enum State {
    /** What it is about is being looked for. */
    SELECTING("selecting"),
    /** Selected and previewed; nothing happens before someone confirms it. */
    DRAFT("draft"),
    RUNNING("running"),
    /** The canary has ended, and someone is to say whether the rest follows. */
    CANARY_REPORT("canary-report"),
    PAUSED("paused"),
    /** It is to begin nothing more; what it has begun goes on to its end. */
    ABORTING("aborting"),
    /** It has begun nothing more since, and all that it had begun has ended. */
    ABORTED("aborted"),
    /** It begins nothing more, and what it has begun is asked to be cancelled. */
    UNDOING("undoing"),
    /** All that it had begun has ended: cancelled, where nothing else came first. */
    UNDONE("undone"),
    DONE("done");

    private static final List<State> ALL = List.of(values());

    private final String wireName;

    State(String wireName) {
      this.wireName = wireName;
    }

    public String wireName() {
      return wireName;
    }

    /**
     * The one that is called {@code wireName}.
     *
     * @throws IllegalArgumentException when none is
     */
    public static State of(String wireName) {
      for (State state : ALL) {
        if (state.wireName.equals(wireName)) {
          return state;
        }
      }
      throw new IllegalArgumentException("a state that this program does not know");
    }

    /** Whether nothing follows by itself any more. */
    public boolean isEnd() {
      return this == ABORTED || this == UNDONE || this == DONE;
    }
  }

  private static void check(boolean holds, String rule) {
    if (!holds) {
      throw new IllegalArgumentException(rule);
    }
  }
}
