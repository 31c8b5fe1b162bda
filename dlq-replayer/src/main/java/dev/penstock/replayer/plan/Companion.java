package dev.penstock.replayer.plan;

import dev.penstock.job.JsonObject;
import dev.penstock.replay.PlanId;
import dev.penstock.runtime.ownership.Commit;
import dev.penstock.runtime.ownership.LogUnavailableException;
import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/**
 * What the one coordinator looks after besides plans, on its thread and in its transactions: so it
 * has the same fence, and its entries stand in the same audit. All but {@link #close} is called by
 * that thread alone.
 */
public interface Companion {
  /** Nothing besides plans. */
  Companion NONE =
      new Companion() {
        @Override
        public void open() {}

        @Override
        public Coordinator.Reply obey(Wish wish, Writer writer) {
          return new Coordinator.Reply.Missing();
        }

        @Override
        public void step(Writer writer) {}

        @Override
        public void close() {}
      };

  /** What someone wants of it. */
  interface Wish {
    /** Who wants it. */
    String who();
  }

  /**
   * What someone did, for the audit.
   *
   * @param detail what more there is to say
   */
  record Deed(String who, String did, PlanId what, JsonObject detail) {}

  /** Writes in the coordinator's fenced transactions. */
  interface Writer {
    /**
     * Writes these records, all or none, and the audit's entry with them.
     *
     * @param deed what the audit is to say; null for nothing
     * @return what became of it; after anything but Committed nothing more is to be written before
     *     {@link #open} is called again
     */
    Commit write(List<ProducerRecord<byte[], byte[]>> records, @Nullable Deed deed);
  }

  /**
   * Earlier coordinators are shut out: whatever they wrote can be read now, and all that was in
   * memory is void.
   *
   * @throws LogUnavailableException when Kafka does not let us read it
   */
  void open() throws LogUnavailableException;

  /** Does what someone wants, and says what became of it. */
  Coordinator.Reply obey(Wish wish, Writer writer);

  /** Does what is to be done now, and waits for nothing. */
  void step(Writer writer);

  /** Nothing is to be done any more, until it is opened again. */
  void close();
}
