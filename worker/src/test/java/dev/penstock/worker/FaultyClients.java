package dev.penstock.worker;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Real clients whose transactions fail now and then: before the commit, so that it is aborted; by a
 * death in mid-transaction, which is left open; or by an answer that is lost although the commit
 * was done.
 */
final class FaultyClients implements KafkaClients {
  private final KafkaClients real;
  private final Random random;
  private final AtomicInteger faults = new AtomicInteger();

  FaultyClients(KafkaClients real, Random random) {
    this.real = real;
    this.random = random;
  }

  int faults() {
    return faults.get();
  }

  @Override
  @SuppressWarnings("unchecked")
  public Producer<byte[], byte[]> producer(Map<String, Object> settings) {
    Producer<byte[], byte[]> producer = real.producer(settings);
    return (Producer<byte[], byte[]>)
        Proxy.newProxyInstance(
            FaultyClients.class.getClassLoader(),
            new Class<?>[] {Producer.class},
            (_, method, arguments) -> {
              if (method.getName().equals("sendOffsetsToTransaction") && chance(8)) {
                throw new KafkaException("planted: refused before the commit");
              }
              boolean commit = method.getName().equals("commitTransaction");
              if (commit && chance(16)) {
                throw new IllegalStateException("planted: died in mid-transaction");
              }
              Object answer;
              try {
                answer = method.invoke(producer, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
              if (commit && chance(16)) {
                throw new TimeoutException("planted: the answer to the commit was lost");
              }
              return answer;
            });
  }

  private boolean chance(int oneIn) {
    boolean strikes = random.nextInt(oneIn) == 0;
    if (strikes) {
      faults.incrementAndGet();
    }
    return strikes;
  }

  @Override
  public Consumer<byte[], byte[]> consumer(Map<String, Object> settings) {
    return real.consumer(settings);
  }

  @Override
  public Map<String, Uuid> topicIds(List<String> topics) {
    return real.topicIds(topics);
  }
}
