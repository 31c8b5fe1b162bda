package dev.penstock.bench.peer;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.config.ConfigResource;
import org.jspecify.annotations.Nullable;

/**
 * Share groups (KIP-932): some share consumers, each record acknowledged by itself once its output
 * is. A poll takes the next records only when all of the last ones are acknowledged. Calls that
 * take time have a virtual thread each.
 */
public final class SharePeer implements Peer {
  private static final int CONSUMERS = 4;
  private static final int LINGER_MILLIS = 5;
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @Override
  public String name() {
    return "share group, " + CONSUMERS + " consumers";
  }

  @Override
  public Running start(Course course) {
    configure(course);
    var group = new Group(course);
    group.start();
    return group;
  }

  /** A share group begins at the end of its topics unless it is told otherwise. */
  private static void configure(Course course) {
    var group = new ConfigResource(ConfigResource.Type.GROUP, course.target());
    List<AlterConfigOp> changes =
        List.of(
            set("share.auto.offset.reset", "earliest"),
            set("share.record.lock.duration.ms", "60000"));
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", course.bootstrap()))) {
      admin
          .incrementalAlterConfigs(Map.of(group, changes))
          .all()
          .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException("the share group can't be configured", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while configuring the share group", e);
    }
  }

  private static AlterConfigOp set(String key, String value) {
    return new AlterConfigOp(new ConfigEntry(key, value), AlterConfigOp.OpType.SET);
  }

  private static final class Group implements Running {
    private final Course course;
    private final KafkaProducer<byte[], byte[]> producer;
    private final ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();
    private final Semaphore slots;
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean stopped;
    private volatile @Nullable Throwable failure;

    Group(Course course) {
      this.course = course;
      this.producer = new KafkaProducer<>(course.producerSettings(LINGER_MILLIS));
      this.slots = new Semaphore(course.calls());
    }

    void start() {
      for (int i = 0; i < CONSUMERS; i++) {
        threads.add(Thread.ofPlatform().name("bench-share-" + i).start(this::run));
      }
    }

    private void run() {
      Map<String, Object> settings = course.consumerSettings();
      // A share group has these for itself.
      List.of("enable.auto.commit", "auto.offset.reset", "isolation.level")
          .forEach(settings::remove);
      settings.put("share.acknowledgement.mode", "explicit");
      if (course.waits()) {
        settings.put("max.poll.records", Math.max(1, course.calls() / CONSUMERS));
      }
      try (var consumer = new KafkaShareConsumer<byte[], byte[]>(settings)) {
        consumer.subscribe(List.of(course.source()));
        while (!stopped) {
          turn(consumer);
        }
      } catch (InterruptedException _) {
        // it is closed
      } catch (ExecutionException | RuntimeException e) {
        failure = e;
      }
    }

    private void turn(KafkaShareConsumer<byte[], byte[]> consumer)
        throws InterruptedException, ExecutionException {
      var records = new ArrayList<ConsumerRecord<byte[], byte[]>>();
      consumer.poll(POLL).forEach(records::add);
      var outputs = new ArrayList<Future<RecordMetadata>>(records.size());
      for (ConsumerRecord<byte[], byte[]> record : records) {
        outputs.add(course.waits() ? calls.submit(() -> called(record)) : write(record));
      }
      for (int i = 0; i < records.size(); i++) {
        var _ = outputs.get(i).get();
        consumer.acknowledge(records.get(i), AcknowledgeType.ACCEPT);
      }
    }

    private RecordMetadata called(ConsumerRecord<byte[], byte[]> record)
        throws InterruptedException, ExecutionException {
      slots.acquire();
      try {
        return write(record).get();
      } finally {
        slots.release();
      }
    }

    private Future<RecordMetadata> write(ConsumerRecord<byte[], byte[]> record)
        throws InterruptedException {
      return producer.send(course.work().perform(record, course.target()));
    }

    @Override
    public Optional<Throwable> failure() {
      return Optional.ofNullable(failure);
    }

    @Override
    public void close() {
      stopped = true;
      if (course.waits()) {
        threads.forEach(Thread::interrupt);
        calls.shutdownNow();
      }
      try {
        for (Thread thread : threads) {
          thread.join(PATIENCE);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      calls.close();
      producer.close(PATIENCE);
    }
  }
}
