package dev.penstock.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.penstock.codec.JsonCodec;
import dev.penstock.job.Job;
import dev.penstock.job.JobRecord;
import dev.penstock.job.JobView;
import dev.penstock.job.OrderedRecord;
import dev.penstock.lifecycle.StartException;
import dev.penstock.streams.order.OrderTopology;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The sequencer on a real broker. */
final class OrderAppTest {
  @RegisterExtension static final Installations installations = new Installations();
  private Harness harness;

  @BeforeEach
  void prepare() {
    harness = installations.own();
  }

  @Test
  void whoWaitsIsShownAtOnceAndKeepsItsPlaceWhenAnotherInstanceTakesOver() throws Exception {
    StreamsService first = harness.start("a", Map.of());
    var line = new ArrayList<String>();
    var jobs = new ArrayList<Job>();
    for (int i = 0; i < 3; i++) {
      Job job = Lives.ordered(Instant.now(), "customer 17");
      enter(job);
      JobView view = harness.view(first, job.id());
      assertThat(view.state()).isEqualTo("queued");
      assertThat(view.orderingKey()).isEqualTo("customer 17");
      jobs.add(job);
      line.add(job.id().toString());
    }
    awaitThrough(line.subList(0, 1));
    first.close();
    harness.start("another", Map.of());
    tell(new OrderedRecord.Release(jobs.get(1).id(), 0));
    tell(new OrderedRecord.Release(jobs.get(0).id(), 0));
    awaitThrough(line.subList(0, 2));
    tell(new OrderedRecord.Release(jobs.get(1).id(), 0));
    awaitThrough(line);
  }

  @Test
  void aLineThatIsLostIsNotTakenForAnEmptyOne() throws Exception {
    StreamsService first = harness.start("a", Map.of());
    Job job = Lives.ordered(Instant.now(), "customer 17");
    enter(job);
    awaitThrough(List.of(job.id().toString()));
    first.close();
    String changelog = OrderTopology.changelog(harness.topics);
    try (var admin =
        Admin.create(Map.of("bootstrap.servers", installations.broker().bootstrapServers()))) {
      admin.deleteTopics(List.of(changelog)).all().get(30, TimeUnit.SECONDS);
      await()
          .atMost(Harness.PATIENCE)
          .until(() -> !admin.listTopics().names().get(30, TimeUnit.SECONDS).contains(changelog));
    }
    assertThatThrownBy(() -> harness.starting("a", Map.of()))
        .isInstanceOf(StartException.class)
        .hasMessageContaining(changelog + " is missing");
  }

  private void enter(Job job) throws Exception {
    JobRecord record = JobRecord.accepted(job);
    tell(new OrderedRecord.Enter(record, null));
    harness
        .producer()
        .send(
            new ProducerRecord<>(
                harness.topics.accepted(),
                job.id().toString(),
                JsonCodec.JOB_RECORDS.encode(record)))
        .get(30, TimeUnit.SECONDS);
  }

  private void tell(OrderedRecord record) throws Exception {
    harness
        .producer()
        .send(
            new ProducerRecord<>(
                harness.topics.ordered(), "customer 17", JsonCodec.ORDERED.encode(record)))
        .get(30, TimeUnit.SECONDS);
  }

  private void awaitThrough(List<String> ids) {
    await()
        .atMost(Harness.PATIENCE)
        .untilAsserted(() -> assertThat(through()).containsExactlyInAnyOrderElementsOf(ids));
  }

  /** The keys of all that stands on the jobs topic. */
  private List<String> through() {
    Map<String, Object> settings =
        Map.of(
            "bootstrap.servers",
            installations.broker().bootstrapServers(),
            "isolation.level",
            "read_committed",
            // Closing waits for the last fetch.
            "fetch.max.wait.ms",
            20);
    var keys = new ArrayList<String>();
    try (var consumer =
        new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(harness.topics.jobs()).stream()
              .map(each -> new TopicPartition(each.topic(), each.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (partitions.stream()
          .anyMatch(each -> consumer.position(each) < ends.getOrDefault(each, 0L))) {
        consumer.poll(Duration.ofMillis(100)).forEach(record -> keys.add(record.key()));
      }
    }
    return keys;
  }
}
