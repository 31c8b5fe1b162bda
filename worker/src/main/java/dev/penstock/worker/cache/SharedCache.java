package dev.penstock.worker.cache;

import dev.penstock.cache.CacheRecord;
import dev.penstock.cache.Fingerprint;
import dev.penstock.job.CacheRule;
import dev.penstock.job.CacheTag;
import dev.penstock.job.Job;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Served;
import dev.penstock.job.TenantId;
import dev.penstock.provider.CallReport;
import dev.penstock.provider.ProviderResult;
import dev.penstock.worker.answer.AnswerCache;
import dev.penstock.worker.answer.CacheRequest;
import dev.penstock.worker.answer.KeptAnswer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shares answers, and the calls for them, with all workers over the topic of the cache.
 *
 * <p>Whoever finds neither an answer nor a call writes a claim and calls when it has read that its
 * claim was the first. The others wait until they read an answer, a release, or that the owner has
 * been silent. Until a job asks for it, nothing is written, read or reckoned.
 *
 * <p>While this worker does not read what it writes, it does not know what others do: then nobody
 * waits, nothing is served, and calls are made past the cache.
 */
public final class SharedCache implements AnswerCache {
  /** How often a worker that makes such calls, or waits for one, tells that it is alive. */
  static final Duration BEAT = Duration.ofSeconds(1);

  /** So long after it was written a record is read, or the log is out of reach. */
  static final Duration REACH = Duration.ofMillis(2_500);

  /** How long jobs wait for the topic to be read for the first time. */
  static final Duration START_PATIENCE = Duration.ofSeconds(15);

  /** So long after it was last used the topic is still followed with beats. */
  private static final Duration IN_USE = Duration.ofSeconds(10);

  /** After so long what was written of an end is read, or was not written. */
  private static final Duration LOST = Duration.ofSeconds(5);

  private static final Duration CLEAN = Duration.ofSeconds(30);
  private static final int MOST_INVALIDATIONS = 200_000;
  private static final long LABEL_BYTES = 60;
  private static final long NUMBER_BYTES = 12;

  private static final Logger log = LoggerFactory.getLogger(SharedCache.class);

  private final CacheConfig config;
  private final CacheRecord.Owner self;
  private final Consumer<CacheRecord> out;
  private final CacheMetrics metrics;
  private final Invalidations invalidations = new Invalidations(MOST_INVALIDATIONS);
  private final Flights flights = new Flights(invalidations);
  private final Answers answers;

  /** By their numbers, until their claims have been read and they have ended. */
  private final Map<Long, OwnBid> bids = new HashMap<>();

  /** Those whose claims have not been read. */
  private final Map<Fingerprint, OwnBid> undecided = new HashMap<>();

  /** What jobs of this worker wait for. */
  private final Set<Fingerprint> awaited = new LinkedHashSet<>();

  private final Set<Fingerprint> news = new LinkedHashSet<>();
  private final Deque<Written> unread = new ArrayDeque<>();
  private boolean ready;
  private boolean draining;
  private boolean awaySaid;
  private long bidNumber;
  private long beatNumber;
  private @Nullable Instant firstAskedAt;
  private @Nullable Instant usedAt;
  private @Nullable Instant heardAt;
  private @Nullable Instant beatAt;
  private Instant cleanedAt = Instant.MIN;

  /** A beat that has not been read back. */
  private record Written(long number, Instant at) {}

  /**
   * @param self this life of this worker
   * @param margin how far the clock may be off the broker's: so much earlier answers expire
   * @param out writes to the log; returns at once
   */
  public SharedCache(
      CacheConfig config,
      CacheRecord.Owner self,
      Duration margin,
      Consumer<CacheRecord> out,
      CacheMetrics metrics) {
    this.config = config;
    this.self = self;
    this.out = out;
    this.metrics = metrics;
    this.answers = new Answers(config.bytes(), margin, invalidations, metrics::evicted);
    metrics.sizes(answers::count, answers::bytes);
  }

  @Override
  public @Nullable CacheRequest request(JobRecord record) {
    Job job = record.job();
    Duration ttl = config.ttl(job);
    if (ttl == null) {
      return null;
    }
    CacheRule rule = job.cache();
    List<CacheTag> tags = rule == null ? List.of() : rule.tags();

    return new CacheRequest(
        Fingerprint.of(job), job.tenant(), ttl, tags, job.attemptTimeout(), job);
  }

  @Override
  public Finding look(CacheRequest request, Instant now) {
    answers.turn(now);
    usedAt = now;
    Fingerprint key = request.fingerprint();
    if (firstAskedAt == null) {
      firstAskedAt = now;
      beat(now);
    }
    if (!ready) {
      Instant until = readUntil();
      return until.isAfter(now) ? joins(key, until) : new Finding.Bypassed("not_read");
    }
    if (isOutOfReach(now)) {
      return new Finding.Bypassed("out_of_reach");
    }
    KeptAnswer answer = answers.find(request, now);
    if (answer != null) {
      return new Finding.Found(answer);
    }
    OwnBid own = undecided.get(key);
    if (own != null && own.until().isAfter(now)) {
      return joins(key, own.until());
    }
    Flights.Flight flight = flights.of(key);
    if (flight != null && !isInvalid(flight, request)) {
      Instant until = flight.at().plus(request.patience());
      return until.isAfter(now) ? joins(key, until) : new Finding.Bypassed("slow");
    }
    return flights.isTroubled(key) ? new Finding.Bypassed("fruitless") : new Finding.Free();
  }

  /** Until when the topic is to be read for the first time; later while the reading goes on. */
  private Instant readUntil() {
    Instant asked = Objects.requireNonNull(firstAskedAt);
    Instant goesOn = (heardAt == null ? asked : heardAt).plus(REACH);
    Instant longest = asked.plus(START_PATIENCE);
    return goesOn.isBefore(longest) ? goesOn : longest;
  }

  /** Whether what comes of the call would be of no use for the request. */
  private boolean isInvalid(Flights.Flight flight, CacheRequest request) {
    return invalidations.isAfter(flight.offset(), request.tenant(), flight.claim().tags())
        || invalidations.isAfter(flight.offset(), request.tenant(), request.tags());
  }

  private Finding joins(Fingerprint key, Instant until) {
    awaited.add(key);
    return new Finding.Joins(until);
  }

  @Override
  public Bid bid(CacheRequest request, Instant now) {
    var bid = new OwnBid(request, bidNumber++, now);
    bids.put(bid.number, bid);
    undecided.put(request.fingerprint(), bid);
    out.accept(
        new CacheRecord.Claim(
            request.fingerprint(), self, bid.number, request.tenant(), request.tags()));
    if (isBeatDue(now)) {
      beat(now);
    }
    return bid;
  }

  @Override
  public Set<Fingerprint> news() {
    if (news.isEmpty()) {
      return Set.of();
    }
    var told = new LinkedHashSet<>(news);
    news.clear();
    awaited.removeAll(told);
    return told;
  }

  @Override
  public void served(CacheRequest request) {
    metrics.counted(CacheMetrics.Event.HIT, request.job());
  }

  @Override
  public void joined(CacheRequest request) {
    metrics.counted(CacheMetrics.Event.WAIT, request.job());
  }

  @Override
  public void bypassed(CacheRequest request, String reason) {
    metrics.bypassed(request.job(), reason);
  }

  // The log

  @Override
  public void heard(List<Logged> records, boolean fromStart, boolean caughtUp, Instant now) {
    answers.turn(now);
    heardAt = now;
    if (fromStart) {
      ready = false;
      answers.clear();
      flights.clear();
      invalidations.clear();
    }
    records.forEach(this::heard);
    if (caughtUp && !ready) {
      ready = true;
      news.addAll(awaited);
    }
  }

  private void heard(Logged logged) {
    Instant at = logged.at();
    switch (logged.record()) {
      case CacheRecord.Claim claim -> claimed(claim, logged);
      case CacheRecord.Answer answer -> {
        Long claim = answer.claim();
        boolean ended = flights.answered(answer, at);
        var kept =
            new KeptAnswer(answer, claim == null ? logged.offset() : claim, at, logged.bytes());
        boolean isAwaited = awaited.contains(answer.request());
        answers.put(answer.request(), kept, isAwaited || undecided.containsKey(answer.request()));
        if (ended || isAwaited) {
          news.add(answer.request());
        }
      }
      case CacheRecord.Released released -> {
        if (flights.released(released, at)) {
          news.add(released.request());
        }
      }
      case CacheRecord.Invalidated(TenantId tenant, CacheTag tag) -> {
        flights.tell(at);
        invalidations.add(tenant, tag, logged.offset());
        news.addAll(awaited);
      }
      case CacheRecord.Beat(CacheRecord.Owner owner, long number) -> {
        flights.heard(owner, at);
        if (owner.equals(self)) {
          while (!unread.isEmpty() && unread.getFirst().number() <= number) {
            unread.removeFirst();
          }
        }
      }
    }
  }

  private void claimed(CacheRecord.Claim claim, Logged logged) {
    Flights.Flight winner = flights.claimed(claim, logged.offset(), logged.at());
    OwnBid own = claim.owner().equals(self) ? bids.get(claim.number()) : null;
    if (own != null) {
      own.decided(winner.isOf(self, own.number) ? winner : null);
    }
    news.add(claim.request());
  }

  // Time

  @Override
  public void tick(Instant now) {
    if (firstAskedAt == null) {
      return;
    }
    answers.turn(now);
    answers.settle();
    for (Fingerprint request : awaited) {
      if (ready && !undecided.containsKey(request) && flights.of(request) == null) {
        news.add(request);
      }
    }
    boolean isAway = ready ? isOutOfReach(now) : !readUntil().isAfter(now);
    if (isAway) {
      news.addAll(awaited);
    }
    if (isAway && !awaySaid) {
      awaySaid = true;
      log.warn(
          "the topic of the cache is out of reach: what was written some seconds ago can't be read."
              + " Calls are made past the cache until it can");
    } else if (awaySaid && ready && unread.isEmpty()) {
      awaySaid = false;
      log.info("the topic of the cache is in reach again");
    }
    if (isActive(now) && isBeatDue(now)) {
      beat(now);
      releaseForgotten(now);
    }
    if (now.isAfter(cleanedAt.plus(CLEAN)) || cleanedAt.equals(Instant.MIN)) {
      cleanedAt = now;
      flights.clean();
      // A claim that was not read for so long was not written.
      bids.values().removeIf(bid -> bid.isEnded && bid.since.plus(CLEAN).isBefore(now));
    }
  }

  private boolean isActive(Instant now) {
    return !bids.isEmpty()
        || !awaited.isEmpty()
        || (!draining && usedAt != null && now.isBefore(usedAt.plus(IN_USE)));
  }

  private boolean isBeatDue(Instant now) {
    return beatAt == null || !now.isBefore(beatAt.plus(BEAT));
  }

  private void beat(Instant now) {
    beatAt = now;
    long number = beatNumber++;
    out.accept(new CacheRecord.Beat(self, number));
    if (unread.size() < 100) {
      unread.add(new Written(number, now));
    }
  }

  /** Whether something was written so long ago that it should have been read. */
  private boolean isOutOfReach(Instant now) {
    return !unread.isEmpty() && !now.isBefore(unread.getFirst().at().plus(REACH));
  }

  /**
   * What this worker wrote of their end was lost, or could not be written: as long as it lives,
   * others would wait.
   */
  private void releaseForgotten(Instant now) {
    flights
        .ofOwner(self)
        .forEach((number, flight) -> {
          if (!bids.containsKey(number) && flight.at().plus(LOST).isBefore(now)) {
            release(flight.claim().request(), number, true);
          }
        });
  }

  @Override
  public void drain(Instant now) {
    draining = true;
  }

  private void release(Fingerprint request, long number, boolean fruitless) {
    out.accept(new CacheRecord.Released(request, self, number, fruitless));
  }

  /** About how large an answer is as a record. */
  static long bytes(JobOutput output) {
    return switch (output) {
      case JobOutput.Summary summary ->
          summary.sentences().stream().mapToLong(SharedCache::bytes).sum();
      case JobOutput.Classification classification ->
          classification.labels().stream()
              .mapToLong(each -> LABEL_BYTES + bytes(each.label()))
              .sum();
      case JobOutput.Embedding embedding -> NUMBER_BYTES * embedding.dimensions();
      case JobOutput.DetectedLanguages languages -> LABEL_BYTES * languages.languages().size();
      case JobOutput.Text text -> bytes(text.text());
      case JobOutput.Extracted extracted -> bytes(extracted.value().text());
    };
  }

  /** In UTF-8, and in JSON at most a few more. */
  private static long bytes(String text) {
    long bytes = 0;
    for (int i = 0; i < text.length(); i++) {
      char unit = text.charAt(i);
      bytes += unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
    }
    return bytes;
  }

  private final class OwnBid implements Bid {
    private final CacheRequest request;
    private final long number;
    private final Instant since;
    private boolean isRead;
    private boolean isEnded;
    private boolean isVoid;

    /** Where its claim stands, if that was the first. */
    private Flights.@Nullable Flight won;

    OwnBid(CacheRequest request, long number, Instant since) {
      this.request = request;
      this.number = number;
      this.since = since;
    }

    /**
     * Its claim was read.
     *
     * @param flight the call, if it is to make it
     */
    void decided(Flights.@Nullable Flight flight) {
      boolean again = isRead;
      isRead = true;
      if (!again) {
        won = flight;
        if (won != null && !isEnded && !isVoid) {
          metrics.counted(CacheMetrics.Event.MISS, request.job());
        }
      }
      undecided.remove(request.fingerprint(), this);
      if (!again && won != null && (isEnded || isVoid)) {
        // Whatever its call comes to was begun before this place of the log.
        release(request.fingerprint(), number, false);
        won = null;
      }
      if (won == null || isEnded) {
        bids.remove(number, this);
      }
    }

    @Override
    public Instant until() {
      return since.plus(REACH);
    }

    @Override
    public Standing standing(Instant now) {
      if (isVoid) {
        return Standing.VOID;
      }
      if (isRead) {
        // It may have been read together with what came after: that its owner was silent too long.
        return won != null && won.equals(flights.of(request.fingerprint()))
            ? Standing.WON
            : Standing.LOST;
      }
      if (until().isAfter(now)) {
        return Standing.OPEN;
      }
      isVoid = true;
      undecided.remove(request.fingerprint(), this);
      news.add(request.fingerprint());
      return Standing.VOID;
    }

    @Override
    public void answered(
        ProviderResult.Answered answer, String provider, @Nullable String asked, Instant now) {
      if (isEnded) {
        return;
      }
      Flights.Flight flight = won;
      if (flight == null) {
        released(false);
        return;
      }
      if (bytes(answer.output()) > config.answerBytes()) {
        metrics.bypassed(request.job(), "too_large");
        released(true);
        return;
      }
      end();
      CallReport report = answer.report();
      out.accept(
          new CacheRecord.Answer(
              request.fingerprint(),
              flight.offset(),
              request.tenant(),
              request.tags(),
              request.ttl(),
              provider,
              new Served(
                  report.model() == null ? asked : report.model(),
                  report.requestId(),
                  report.usage(),
                  report.costNanos(),
                  null),
              answer.output()));
      metrics.counted(CacheMetrics.Event.STORE, request.job());
    }

    @Override
    public void released(boolean fruitless) {
      if (isEnded) {
        return;
      }
      end();
      if (won != null) {
        release(request.fingerprint(), number, fruitless);
      }
    }

    private void end() {
      isEnded = true;
      if (isRead) {
        bids.remove(number, this);
      } else {
        undecided.remove(request.fingerprint(), this);
      }
    }
  }
}
