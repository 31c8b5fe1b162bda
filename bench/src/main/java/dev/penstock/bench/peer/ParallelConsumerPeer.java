package dev.penstock.bench.peer;

import io.confluent.parallelconsumer.PCRetriableException;
import io.confluent.parallelconsumer.ParallelConsumerOptions;
import io.confluent.parallelconsumer.ParallelConsumerOptions.CommitMode;
import io.confluent.parallelconsumer.ParallelConsumerOptions.ProcessingOrder;
import io.confluent.parallelconsumer.ParallelStreamProcessor;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;

/**
 * Confluent's Parallel Consumer, without order, with its own way to produce. Without transactions
 * it commits offsets now and then (its default); with them the outputs too, and it may go on with
 * calls while a transaction commits, which its default forbids.
 */
public final class ParallelConsumerPeer implements Peer {
  private static final Duration CLOSE = Duration.ofSeconds(10);

  private final boolean transactional;

  public ParallelConsumerPeer(boolean transactional) {
    this.transactional = transactional;
  }

  @Override
  public String name() {
    return "Parallel Consumer, " + (transactional ? "transactional" : "plain");
  }

  @Override
  public Running start(Course course) {
    // Each of its threads waits for its output, so a linger would only be a delay.
    Map<String, Object> settings = course.producerSettings(0);
    if (transactional) {
      settings.put("transactional.id", course.target());
    }
    var options =
        ParallelConsumerOptions.<byte[], byte[]>builder()
            .consumer(new KafkaConsumer<byte[], byte[]>(course.consumerSettings()))
            .producer(new KafkaProducer<byte[], byte[]>(settings))
            .ordering(ProcessingOrder.UNORDERED)
            .maxConcurrency(course.calls())
            .commitMode(
                transactional
                    ? CommitMode.PERIODIC_TRANSACTIONAL_PRODUCER
                    : CommitMode.PERIODIC_CONSUMER_ASYNCHRONOUS);
    if (transactional) {
      options.allowEagerProcessingDuringTransactionCommit(true);
    }
    ParallelStreamProcessor<byte[], byte[]> processor =
        ParallelStreamProcessor.createEosStreamProcessor(options.build());
    processor.subscribe(List.of(course.source()));
    processor.pollAndProduce(context -> {
      try {
        return course.work().perform(context.getSingleConsumerRecord(), course.target());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        // It is being closed; for another error it would log a stack trace for each thread.
        throw new PCRetriableException("interrupted", e);
      }
    });
    return new Running() {
      @Override
      public Optional<Throwable> failure() {
        return processor.isClosedOrFailed()
            ? Optional.of(new IllegalStateException("Parallel Consumer has stopped by itself"))
            : Optional.empty();
      }

      @Override
      public void close() {
        processor.closeDontDrainFirst(CLOSE);
      }
    };
  }
}
