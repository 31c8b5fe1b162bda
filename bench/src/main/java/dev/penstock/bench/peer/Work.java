package dev.penstock.bench.peer;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.Job;
import dev.penstock.job.JobRecord;
import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderCall;
import dev.penstock.provider.ProviderResult;
import dev.penstock.provider.Target;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * What is done with a job, the same for all: its record is decoded, the provider is called that the
 * worker calls too, and an output of the worker's size is returned. The output is not encoded,
 * which favours the peers. Thread-safe.
 */
public final class Work {
  private final Provider provider;
  private final int outputBytes;
  private final AtomicInteger busy = new AtomicInteger();
  private final LongAdder done = new LongAdder();

  public Work(Provider provider, int outputBytes) {
    this.provider = provider;
    this.outputBytes = outputBytes;
  }

  /** Calls under way. */
  public int busy() {
    return busy.get();
  }

  /** Calls that have ended. */
  public long done() {
    return done.sum();
  }

  /**
   * Does the work of one record.
   *
   * @return what is to be written
   * @throws IllegalStateException when the record can't be read or the call fails
   */
  ProducerRecord<byte[], byte[]> perform(ConsumerRecord<byte[], byte[]> record, String target)
      throws InterruptedException {
    if (!(JsonCodec.JOB_RECORDS.decode(record.value())
        instanceof Decoded.Value<JobRecord>(var it))) {
      throw new IllegalStateException("a job of the bench can't be read");
    }
    Job job = it.job();
    var call =
        new ProviderCall(
            job.id(),
            it.generation(),
            it.nextAttempt(),
            Target.of(job.model()),
            job.input(),
            job.attemptTimeout());
    busy.incrementAndGet();
    try {
      if (provider.call(call) instanceof ProviderResult.Failed(var failure, _)) {
        throw new IllegalStateException("a call of the bench has failed: " + failure);
      }
    } finally {
      busy.decrementAndGet();
    }
    done.increment();
    return new ProducerRecord<>(target, record.key(), new byte[outputBytes]);
  }
}
