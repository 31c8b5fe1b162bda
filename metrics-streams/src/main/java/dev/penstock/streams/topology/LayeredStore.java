package dev.penstock.streams.topology;

import java.util.Map;
import java.util.function.Function;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.state.StoreBuilder;

/**
 * Builds a store that keeps what changed by itself, above one that writes it to its changelog and
 * to disk.
 *
 * @param <I> the store below
 * @param <S> the store above
 */
public final class LayeredStore<I extends StateStore, S extends StateStore>
    implements StoreBuilder<S> {
  private final StoreBuilder<I> inner;
  private final Function<I, S> above;

  /**
   * @param inner logged and without a cache
   */
  public LayeredStore(StoreBuilder<I> inner, Function<I, S> above) {
    this.inner = inner;
    this.above = above;
  }

  @Override
  public StoreBuilder<S> withCachingEnabled() {
    throw new UnsupportedOperationException("it keeps what changed by itself");
  }

  @Override
  public StoreBuilder<S> withCachingDisabled() {
    return this;
  }

  @Override
  public StoreBuilder<S> withLoggingEnabled(Map<String, String> config) {
    inner.withLoggingEnabled(config);
    return this;
  }

  @Override
  public StoreBuilder<S> withLoggingDisabled() {
    inner.withLoggingDisabled();
    return this;
  }

  @Override
  public S build() {
    return above.apply(inner.build());
  }

  @Override
  public Map<String, String> logConfig() {
    return inner.logConfig();
  }

  @Override
  public boolean loggingEnabled() {
    return inner.loggingEnabled();
  }

  @Override
  public String name() {
    return inner.name();
  }
}
