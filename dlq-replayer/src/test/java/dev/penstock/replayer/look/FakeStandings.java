package dev.penstock.replayer.look;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** What became of dead letters, as a test says. */
public final class FakeStandings implements Standings {
  private final Map<LetterId, Standing> standings = new HashMap<>();
  private boolean behind;

  public void put(int partition, long offset, Standing standing) {
    standings.put(new LetterId(partition, offset), standing);
  }

  /** From now on it does not know everything. */
  void fallBehind() {
    behind = true;
  }

  @Override
  public Standing of(int partition, long offset) {
    return standings.getOrDefault(new LetterId(partition, offset), Standing.OPEN);
  }

  @Override
  public boolean catchUp(Duration patience) {
    return !behind;
  }
}
