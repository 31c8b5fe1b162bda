package dev.penstock.fake;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * What was seen since the statistics began.
 *
 * @param since when they began
 * @param seconds how long ago that is
 * @param calls calls that ended
 * @param inFlight calls that are being answered
 * @param peakInFlight the most at once
 * @param answered calls with a whole and right answer
 * @param limited calls that a limit of the server refused
 * @param inputTokens of calls that were let in
 * @param outputTokens of the same
 * @param outcomes how often each outcome of {@link CallRecord} was seen
 * @param statuses how often each HTTP status was sent
 * @param keys what each key used
 * @param perSecond what ended within each second since the beginning, for two hours
 * @param idempotencyKeysSeenAgain keys that came more than once, and how often; a thousand at most
 */
public record Stats(
    Instant since,
    double seconds,
    long calls,
    int inFlight,
    int peakInFlight,
    long answered,
    long limited,
    long inputTokens,
    long outputTokens,
    Map<String, Long> outcomes,
    Map<Integer, Long> statuses,
    List<KeyUse> keys,
    List<Second> perSecond,
    Map<String, Integer> idempotencyKeysSeenAgain) {
  /**
   * What one key used. The shares are of what flows into its buckets between its first and its last
   * call; with the burst, and over a short time, they can be above 1.
   *
   * @param key as in {@link CallRecord}
   * @param calls all its calls
   * @param admitted calls that the limits let in
   * @param limited calls that they refused
   * @param tokens of the calls that were let in
   * @param seconds from its first to its last call
   * @param requestsPerMinute the limit, 0 for none
   * @param tokensPerMinute the limit, 0 for none
   * @param requestsUsedShare calls that were let in, of those that could have been; 0 without limit
   * @param tokensUsedShare the same for tokens
   */
  public record KeyUse(
      String key,
      long calls,
      long admitted,
      long limited,
      long tokens,
      double seconds,
      long requestsPerMinute,
      long tokensPerMinute,
      double requestsUsedShare,
      double tokensUsedShare) {}

  /**
   * One second.
   *
   * @param second from 0
   * @param calls calls that came
   * @param admitted calls that were let in
   * @param answered calls that ended well
   * @param limited calls that a limit refused
   * @param failed calls that ended in any other way
   * @param tokens input of calls that came and output of calls that ended
   */
  public record Second(
      int second,
      long calls,
      long admitted,
      long answered,
      long limited,
      long failed,
      long tokens) {}
}
