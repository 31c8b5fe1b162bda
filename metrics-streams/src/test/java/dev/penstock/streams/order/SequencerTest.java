package dev.penstock.streams.order;

import static dev.penstock.streams.order.OrderedJobs.cancel;
import static dev.penstock.streams.order.OrderedJobs.cancelled;
import static dev.penstock.streams.order.OrderedJobs.enter;
import static dev.penstock.streams.order.OrderedJobs.release;
import static dev.penstock.streams.order.OrderedJobs.replayed;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.OrderedRecord;
import dev.penstock.streams.order.Sequencer.Step;
import org.junit.jupiter.api.Test;

final class SequencerTest {
  private final MapLine line = new MapLine();
  private final Sequencer sequencer = new Sequencer(line);
  private final OrderedRecord.Enter first = enter("a");
  private final OrderedRecord.Enter second = enter("a");
  private final OrderedRecord.Enter third = enter("a");
  private long position;

  @Test
  void theHeadGoesThroughAndTheOthersWaitForItsRelease() {
    assertThat(take(first)).isEqualTo(new Step.Through(first));
    assertThat(take(second)).isEqualTo(new Step.Parked());
    assertThat(take(third)).isEqualTo(new Step.Parked());
    assertThat(take(release(first))).isEqualTo(new Step.Through(second));
    assertThat(take(release(second))).isEqualTo(new Step.Through(third));
    assertThat(take(release(third))).isEqualTo(new Step.Freed());
    assertThat(line.heads).isEmpty();
    assertThat(line.queues.get("a")).isEmpty();
  }

  @Test
  void otherKeysGoOn() {
    OrderedRecord.Enter other = enter("b");
    take(first);
    assertThat(sequencer.take("b", position++, other)).isEqualTo(new Step.Through(other));
  }

  @Test
  void aKeyThatWasFreedTakesTheNextOneAtOnce() {
    take(first);
    take(release(first));
    assertThat(take(second)).isEqualTo(new Step.Through(second));
  }

  @Test
  void aReleaseThatDoesNotNameTheHeadIsIgnored() {
    assertThat(take(release(first))).isEqualTo(new Step.Ignored());
    take(first);
    take(second);
    take(third);
    assertThat(take(release(second))).isEqualTo(new Step.Ignored());
    assertThat(take(new OrderedRecord.Release(first.jobId(), 1))).isEqualTo(new Step.Ignored());
    take(release(first));
    assertThat(take(release(first))).as("the second time").isEqualTo(new Step.Ignored());
    assertThat(take(release(second))).isEqualTo(new Step.Through(third));
  }

  @Test
  void whoeverWaitsAndIsCancelledLeavesAtOnceToBeEndedWithoutARun() {
    take(first);
    take(second);
    take(third);
    assertThat(take(cancel(second))).isEqualTo(new Step.Through(cancelled(second)));
    assertThat(take(release(second))).as("its worker releases").isEqualTo(new Step.Ignored());
    assertThat(take(release(first))).isEqualTo(new Step.Through(third));
  }

  @Test
  void theHeadAndWhoIsGoneAreTheirWorkersToCancel() {
    take(first);
    take(second);
    assertThat(take(cancel(first))).isEqualTo(new Step.Ignored());
    take(release(first));
    assertThat(take(cancel(first))).isEqualTo(new Step.Ignored());
    assertThat(take(cancel(second))).isEqualTo(new Step.Ignored());
  }

  @Test
  void aReplayJoinsTheTail() {
    take(first);
    take(second);
    take(release(first));
    assertThat(take(replayed(first))).isEqualTo(new Step.Parked());
    assertThat(take(release(second))).isEqualTo(new Step.Through(replayed(first)));
    assertThat(take(release(first))).as("of its former life").isEqualTo(new Step.Ignored());
    assertThat(take(release(replayed(first)))).isEqualTo(new Step.Freed());
  }

  @Test
  void aReplayOfAJobThatBlocksItsKeyTakesItsPlace() {
    take(first);
    take(second);
    assertThat(take(replayed(first))).isEqualTo(new Step.Through(replayed(first)));
    assertThat(take(release(first))).isEqualTo(new Step.Ignored());
    assertThat(take(release(replayed(first)))).isEqualTo(new Step.Through(second));
  }

  private Step take(OrderedRecord record) {
    return sequencer.take("a", position++, record);
  }
}
