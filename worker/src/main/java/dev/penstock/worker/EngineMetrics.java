package dev.penstock.worker;

import dev.penstock.worker.core.CoreMetrics;
import io.micrometer.core.instrument.Timer;

/** What an engine measures. */
public interface EngineMetrics extends CoreMetrics {
  /** Times each transaction. */
  Timer commits();
}
