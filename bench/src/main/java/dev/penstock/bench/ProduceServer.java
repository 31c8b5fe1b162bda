package dev.penstock.bench;

import dev.penstock.job.JobId;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * What Kafka leaves of the bare server's rate: the same server, which writes each body to a topic
 * as it is, under a random key, and answers when all in-sync replicas have it. It checks nothing
 * and promises nothing else, so no intake on this server and this client of Kafka can be faster.
 * Runs in a JVM of its own, with the port, Kafka's address and the topic as its arguments.
 */
final class ProduceServer {
  private static final int BATCH_BYTES = 128 * 1024;

  private ProduceServer() {}

  /** Serves until the process is ended. */
  public static void main(String[] args) {
    var producer = producer(args[1]);
    String topic = args[2];
    BareServer.serve(
        Integer.parseInt(args[0]),
        (request, response) -> produce(producer, topic, request, response));
  }

  private static void produce(
      KafkaProducer<byte[], byte[]> producer,
      String topic,
      ServerRequest request,
      ServerResponse response)
      throws ExecutionException, InterruptedException {
    byte[] body = request.content().as(byte[].class);
    byte[] key = JobId.random(Instant.now()).toString().getBytes(StandardCharsets.ISO_8859_1);
    var written = new CompletableFuture<Boolean>();
    var _ =
        producer.send(
            new ProducerRecord<>(topic, key, body),
            (_, failure) -> {
              if (failure == null) {
                written.complete(true);
              } else {
                written.completeExceptionally(failure);
              }
            });
    written.get();
    BareServer.accept(response);
  }

  /** Set as the intake's producer is. */
  private static KafkaProducer<byte[], byte[]> producer(String bootstrap) {
    var settings = new HashMap<String, Object>();
    settings.put("bootstrap.servers", bootstrap);
    settings.put("client.id", "bench-produce");
    settings.put("acks", "all");
    settings.put("enable.idempotence", true);
    settings.put("linger.ms", 0);
    settings.put("max.in.flight.requests.per.connection", 1);
    settings.put("batch.size", BATCH_BYTES);
    settings.put("buffer.memory", 64L * 1024 * 1024);
    return new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
  }
}
