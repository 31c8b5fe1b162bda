package dev.penstock.replayer.replay;

import dev.penstock.runtime.kafka.KafkaConfig;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Has Kafka delete the records.
 *
 * @param timeout how long Kafka may take for it
 */
public record KafkaLogCutter(KafkaConfig kafka, Duration timeout) implements LogCutter {
  @Override
  public void cut(TopicPartition partition, long before) {
    try (Admin admin = Admin.create(kafka.clientSettings("penstock-replayer-cut"))) {
      admin
          .deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(before)))
          .all()
          .get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw new KafkaException(partition + " was not cut: " + e.getMessage(), e);
    } catch (java.util.concurrent.TimeoutException _) {
      throw new TimeoutException(partition + " was not cut in " + timeout);
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
  }
}
