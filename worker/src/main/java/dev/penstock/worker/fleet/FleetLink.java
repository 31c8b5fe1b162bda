package dev.penstock.worker.fleet;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.fleet.WorkerCommand;
import dev.penstock.fleet.WorkerReport;
import dev.penstock.worker.thread.LogThread;
import dev.penstock.worker.thread.Threads;
import io.micrometer.core.instrument.Counter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes this worker's reports and follows what operators want of it, on a thread of its own: what
 * becomes of a report never concerns the work. What can't be written is logged, counted and
 * followed by the next one; what can't be read is tried again.
 */
public final class FleetLink {
  private static final Logger log = LoggerFactory.getLogger(FleetLink.class);

  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration REST = Duration.ofSeconds(1);

  /** The topic is compacted: whoever starts reads it all, but no longer than this. */
  private static final Duration BEFORE_WORK = Duration.ofSeconds(10);

  private final Identity self;
  private final TopicPartition partition;
  private final Supplier<WorkerReport> reports;
  private final Orders orders;
  private final Threads threads;
  private final Counter lost;
  private final LogThread thread;
  private final long begunAt;

  // Of the thread alone.
  private long next;
  private long reportAt;
  private boolean known;
  private boolean workWaits = true;
  private @Nullable Boolean commanded;
  private boolean drainedBefore;

  /**
   * Who reports.
   *
   * @param life tells this process from others of the same id
   * @param interval of reports
   * @param obeysFormerCommands whether a command that was given to an earlier process holds
   */
  public record Identity(
      String worker, String life, Duration interval, boolean obeysFormerCommands) {}

  /** What an operator wants. Told on the link's thread; returns at once. */
  public interface Orders {
    /** Whether the worker is to do nothing. Told once before work begins, and at each command. */
    void drain(boolean drain);
  }

  /**
   * @param topic whose partition 0 has reports and commands
   * @param consumers makes the reader, which is to read uncommitted
   * @param producers makes the writer, without transactions
   * @param reports how the worker is at the moment
   * @param lost counts reports that could not be written
   */
  public FleetLink(
      Identity self,
      String topic,
      Supplier<Consumer<byte[], byte[]>> consumers,
      Supplier<Producer<byte[], byte[]>> producers,
      Supplier<WorkerReport> reports,
      Orders orders,
      Threads threads,
      Counter lost) {
    this.self = self;
    this.partition = new TopicPartition(topic, 0);
    this.reports = reports;
    this.orders = orders;
    this.threads = threads;
    this.lost = lost;
    this.thread = new LogThread("worker-fleet", consumers, producers, threads, this::run);
    this.begunAt = threads.nanoTime();
    this.reportAt = begunAt;
  }

  /** Begins. Never blocks. */
  public void start() {
    thread.wake();
  }

  /** Writes the last report and ends. */
  public void stop(Duration patience) throws InterruptedException {
    thread.stop(patience);
  }

  private void run() {
    while (!thread.isStopped()) {
      try {
        thread.withClients(this::follow, this::write);
      } catch (RuntimeException e) {
        log.warn("the topic {} can't be followed; tries again: {}", partition, e.toString());
        lost.increment();
        beginWorkAnyway();
        if (!thread.isStopped()) {
          threads.pause(REST.toNanos());
        }
      }
    }
  }

  private void follow(Consumer<byte[], byte[]> consumer, Producer<byte[], byte[]> producer) {
    consumer.assign(List.of(partition));
    consumer.seek(partition, next);
    Long end = null;
    while (!thread.isStopped()) {
      try {
        if (end == null) {
          end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
        }
        // A new worker of an empty topic need not wait for what does not come.
        if (known || next < end) {
          consumer.poll(POLL).forEach(this::read);
          next = consumer.position(partition);
        }
        if (!known && next >= end) {
          known = true;
          decide();
        }
        beginWorkAnyway();
        if (!workWaits && threads.nanoTime() - reportAt >= 0) {
          write(producer);
        }
      } catch (WakeupException _) {
        // It is to end.
      }
    }
  }

  // What is wanted

  private void read(ConsumerRecord<byte[], byte[]> record) {
    if (record.key() == null || record.value() == null) {
      return;
    }
    String key = new String(record.key(), StandardCharsets.UTF_8);
    if (WorkerCommand.isKey(key)) {
      command(record);
    } else if (!known && key.equals(self.worker())) {
      // Of this process or of one before it: which does not matter.
      if (JsonCodec.WORKER_REPORTS.decode(record.value())
          instanceof Decoded.Value<WorkerReport>(WorkerReport report)) {
        drainedBefore = report.drain();
      }
    }
  }

  private void command(ConsumerRecord<byte[], byte[]> record) {
    switch (JsonCodec.WORKER_COMMANDS.decode(record.value())) {
      case Decoded.Value<WorkerCommand>(WorkerCommand command)
          when command.worker().equals(self.worker()) -> {
        commanded = command.drain();
        if (known) {
          decide();
        }
      }
      case Decoded.Value<WorkerCommand> _ -> {
        // Another one's.
      }
      case Decoded.Refused<WorkerCommand>(String reason) ->
          log.warn("skips an unreadable command at {}@{}: {}", partition, record.offset(), reason);
    }
  }

  private void decide() {
    boolean former = workWaits;
    workWaits = false;
    Boolean command = commanded;
    boolean drain = command == null ? drainedBefore : command;
    orders.drain(drain && (!former || self.obeysFormerCommands()));
    // What came of it is told at once.
    reportAt = threads.nanoTime();
  }

  /** Work does not wait for ever for what operators want. */
  private void beginWorkAnyway() {
    if (workWaits && threads.nanoTime() - begunAt > BEFORE_WORK.toNanos()) {
      workWaits = false;
      log.warn(
          "it could not be read within {} whether an operator wants this worker drained; it works"
              + " until it can",
          BEFORE_WORK);
      orders.drain(false);
    }
  }

  // What is told

  private void write(Producer<byte[], byte[]> producer) {
    reportAt = threads.nanoTime() + self.interval().toNanos();
    try {
      var _ =
          producer.send(
              new ProducerRecord<>(
                  partition.topic(),
                  partition.partition(),
                  self.worker().getBytes(StandardCharsets.UTF_8),
                  JsonCodec.WORKER_REPORTS.encode(reports.get())),
              (_, e) -> {
                if (e != null) {
                  notWritten(e);
                }
              });
    } catch (RuntimeException e) {
      // Also where the report itself can't be made: the next one may be.
      notWritten(e);
    }
  }

  private void notWritten(Exception e) {
    lost.increment();
    log.warn("a report of this worker could not be written: {}", e.toString());
  }
}
