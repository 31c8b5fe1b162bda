package dev.penstock.worker.hold;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * Up to which requests a partition was searched for records that people ask for. A record may come
 * to the partition while it is searched, or after that from another hold, moved by someone who has
 * not heard of the request yet: so it is searched some more times while a request stands. For one
 * thread.
 */
final class Coverage {
  /** How long after a search the next one for the same requests follows. */
  private static final List<Duration> AGAIN =
      List.of(Duration.ofSeconds(1), Duration.ofSeconds(10), Duration.ofSeconds(60));

  /** The latest request that was known when the last search began. */
  private long searchedFor;

  /** The latest request that needs no search any more. */
  private long covered;

  private int rounds;
  private Instant againAt = Instant.MAX;

  /** Whether there is a request that it was never searched for. */
  boolean isNews(Requests requests) {
    return requests.isAnyOpenSince(searchedFor);
  }

  /** Whether it is to be searched, for whatever request. */
  boolean wantsSearch(Requests requests, Instant now) {
    return isNews(requests) || (!now.isBefore(againAt) && requests.isAnyOpenSince(covered));
  }

  /** A search begins; whoever is wanted by then is found. */
  void begins(Requests requests) {
    rounds = isNews(requests) ? 0 : rounds + 1;
    searchedFor = requests.latest();
    againAt = Instant.MAX;
  }

  /** It was searched to its end. */
  void ended(Instant now) {
    if (rounds < AGAIN.size()) {
      againAt = now.plus(AGAIN.get(rounds));
    } else {
      covered = searchedFor;
    }
  }

  /** The search came to nothing. */
  void failed() {
    searchedFor = covered;
  }
}
