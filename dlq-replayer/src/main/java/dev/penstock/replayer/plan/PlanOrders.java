package dev.penstock.replayer.plan;

import dev.penstock.replay.PlanId;
import dev.penstock.replayer.replay.DecidedPartition;
import dev.penstock.replayer.replay.Order;
import java.time.Duration;
import java.util.List;

/**
 * What the plans want, as far as their topic was read. Thread-safe.
 *
 * @param book what was read
 * @param tail reads it
 */
public record PlanOrders(PlanBook book, PlanTail tail) implements DecidedPartition.Orders {
  @Override
  public boolean hasWork(int partition) {
    return book.hasWork(partition);
  }

  @Override
  public long version() {
    return book.version();
  }

  @Override
  public List<Order> orders(int partition) {
    return book.orders(partition);
  }

  @Override
  public boolean hasEnded(PlanId plan) {
    return book.plan(plan).map(known -> known.state().isEnd()).orElse(false);
  }

  @Override
  public boolean catchUp(Duration patience) throws InterruptedException {
    return tail.catchUp(patience);
  }
}
