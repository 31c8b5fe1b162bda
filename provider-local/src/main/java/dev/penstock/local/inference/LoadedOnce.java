package dev.penstock.local.inference;

import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A model that is loaded when it is first needed. Ask for it inside a unit of {@link
 * InferenceThreads}: others wait for the load, and only there they may. A load that failed is tried
 * again by the next who asks. Thread-safe.
 */
public final class LoadedOnce<T> {
  private final Supplier<T> load;
  private volatile @Nullable T model;

  public LoadedOnce(Supplier<T> load) {
    this.load = load;
  }

  /**
   * The model.
   *
   * @throws ModelUnavailableException when it can't be loaded
   */
  public T get() {
    T loaded = model;
    return loaded == null ? loadNow() : loaded;
  }

  private synchronized T loadNow() {
    T loaded = model;
    if (loaded == null) {
      loaded = load.get();
      model = loaded;
    }
    return loaded;
  }

  /** The model, where it was loaded. */
  public Optional<T> ifLoaded() {
    return Optional.ofNullable(model);
  }
}
