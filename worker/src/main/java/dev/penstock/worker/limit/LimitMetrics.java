package dev.penstock.worker.limit;

import java.util.List;

/** What is shown of limits. Called on the core's thread only. */
public interface LimitMetrics {
  /** Nobody looks. */
  LimitMetrics NONE =
      new LimitMetrics() {
        @Override
        public void limits(List<Shown> all) {}

        @Override
        public void refused(String provider) {}
      };

  /**
   * A limit as it stands.
   *
   * @param scope the provider, or provider and model
   * @param kind {@code requests-per-minute}, {@code tokens-per-minute} or {@code concurrency}
   * @param most the whole limit
   * @param learned whether the provider told it, and no setting
   * @param share what this worker may use
   * @param used what it uses
   * @param members workers that take part, as far as is known here
   * @param isWaitedFor whether jobs wait for it
   */
  record Shown(
      String scope,
      String kind,
      double most,
      boolean learned,
      double share,
      double used,
      int members,
      boolean isWaitedFor) {}

  /** All limits that are known at the moment, about once a second. */
  void limits(List<Shown> all);

  /** A provider refused a call for its limit. */
  void refused(String provider);
}
