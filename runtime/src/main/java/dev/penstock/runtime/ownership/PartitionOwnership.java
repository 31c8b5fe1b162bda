package dev.penstock.runtime.ownership;

import dev.penstock.runtime.kafka.KafkaConfig;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which process of a service decides about which partition: a consumer group, used for its
 * assignment only. Each member's client id carries the address at which the others reach it, so the
 * group itself tells where a request is to be sent. Thread-safe.
 */
public final class PartitionOwnership implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(PartitionOwnership.class);
  private static final Duration POLL = Duration.ofMillis(500);
  private static final Duration RESTART_DELAY = Duration.ofSeconds(1);
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(3);

  /** Who owns what is asked for at most this often. */
  private static final Duration REFRESH = Duration.ofMillis(200);

  private final KafkaConfig kafka;
  private final Role role;
  private final List<Listener> listeners = new CopyOnWriteArrayList<>();
  private volatile Set<Integer> owned = Set.of();
  private volatile boolean closed;

  // Guarded by this.
  private @Nullable Thread thread;
  private @Nullable KafkaConsumer<byte[], byte[]> consumer;
  private @Nullable Admin admin;
  private Map<Integer, URI> others = Map.of();
  private @Nullable URI self;
  private long refreshedNanos;

  /**
   * What is shared out.
   *
   * @param group the name of the consumer group
   * @param topic of which each member owns some partitions
   * @param member what a member is called, in ids and messages: {@code intake}
   * @param owned what the partitions are of, in messages: {@code keys and schedules}
   */
  public record Role(String group, String topic, String member, String owned) {
    private String clientPrefix() {
      return "penstock-" + member + "@";
    }
  }

  /** Is told what this member owns. Its methods must be short: the group waits for them. */
  public interface Listener {
    void gained(int partition);

    void lost(int partition);
  }

  public PartitionOwnership(KafkaConfig kafka, Role role) {
    this.kafka = kafka;
    this.role = role;
  }

  /** From the start on, {@code listener} is told. To be called before it. */
  public void listen(Listener listener) {
    listeners.add(listener);
  }

  /** Joins the group in the background, as the member that others reach at {@code address}. */
  public synchronized void start(URI address) {
    self = address;
    thread = Thread.ofVirtual().name(role.member + "-ownership").start(() -> run(address));
  }

  /** Whether this member decides about the partition, as far as it knows. */
  public boolean owns(int partition) {
    return owned.contains(partition);
  }

  private void run(URI address) {
    while (!closed) {
      try (var member = join(address)) {
        synchronized (this) {
          consumer = member;
        }
        while (!closed) {
          // Everything is paused: nothing is ever returned, but membership is kept up.
          var _ = member.poll(POLL);
        }
      } catch (WakeupException _) {
        // closed
      } catch (KafkaException e) {
        log.warn(
            "this {} can't own partitions of {} now and tries again: {}",
            role.member,
            role.owned,
            e.getMessage());
        release(owned);
        pause();
      } finally {
        synchronized (this) {
          consumer = null;
        }
      }
    }
    release(owned);
  }

  private KafkaConsumer<byte[], byte[]> join(URI address) {
    Map<String, Object> settings =
        kafka.clientSettings(
            role.clientPrefix() + URLEncoder.encode(address.toString(), StandardCharsets.UTF_8));
    settings.put(ConsumerConfig.GROUP_ID_CONFIG, role.group);
    settings.put(ConsumerConfig.GROUP_PROTOCOL_CONFIG, "consumer");
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "latest");
    var member =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    member.subscribe(
        List.of(role.topic),
        new ConsumerRebalanceListener() {
          @Override
          public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            member.pause(member.assignment());
            var now = new HashSet<>(owned);
            partitions.forEach(partition -> now.add(partition.partition()));
            owned = Set.copyOf(now);
            log.info("owns the partitions {} of {}", owned, role.owned);
            partitions.forEach(
                partition -> listeners.forEach(listener -> listener.gained(partition.partition())));
          }

          @Override
          public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            release(Set.copyOf(partitions.stream().map(TopicPartition::partition).toList()));
          }

          @Override
          public void onPartitionsLost(Collection<TopicPartition> partitions) {
            onPartitionsRevoked(partitions);
          }
        });
    return member;
  }

  private void release(Set<Integer> partitions) {
    var now = new HashSet<>(owned);
    now.removeAll(partitions);
    owned = Set.copyOf(now);
    partitions.forEach(partition -> listeners.forEach(listener -> listener.lost(partition)));
  }

  /**
   * The address of the member that the group says owns the partition; nothing while no other one
   * does or Kafka does not answer.
   */
  public synchronized Optional<URI> owner(int partition) {
    if (closed) {
      return Optional.empty();
    }
    long now = System.nanoTime();
    if (refreshedNanos == 0 || now - refreshedNanos > REFRESH.toNanos()) {
      others = ask();
      refreshedNanos = System.nanoTime();
    }
    return Optional.ofNullable(others.get(partition));
  }

  private synchronized Map<Integer, URI> ask() {
    String group = role.group;
    if (admin == null) {
      admin = Admin.create(kafka.clientSettings("penstock-" + role.member + "-owners"));
    }
    var found = new HashMap<Integer, URI>();
    try {
      ConsumerGroupDescription description =
          admin
              .describeConsumerGroups(List.of(group))
              .all()
              .get(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
              .get(group);
      if (description == null) {
        return Map.of();
      }
      for (MemberDescription member : description.members()) {
        address(member.clientId())
            .filter(address -> !address.equals(self))
            .ifPresent(address ->
                member
                    .assignment()
                    .topicPartitions()
                    .forEach(partition -> found.put(partition.partition(), address)));
      }
    } catch (ExecutionException | TimeoutException e) {
      log.debug("the group {} can't be described", group, e);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    return found;
  }

  private Optional<URI> address(String clientId) {
    try {
      return clientId.startsWith(role.clientPrefix())
          ? Optional.of(
              URI.create(
                  URLDecoder.decode(
                      clientId.substring(role.clientPrefix().length()), StandardCharsets.UTF_8)))
          : Optional.empty();
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  private void pause() {
    try {
      Thread.sleep(RESTART_DELAY);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /** Leaves the group, so that others take over at once. */
  @Override
  public void close() {
    closed = true;
    Thread running;
    synchronized (this) {
      running = thread;
      if (consumer != null) {
        consumer.wakeup();
      }
      if (admin != null) {
        admin.close(Duration.ofSeconds(1));
        admin = null;
      }
    }
    if (running != null) {
      try {
        if (!running.join(CLOSE_TIMEOUT)) {
          running.interrupt();
        }
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
