package dev.penstock.worker.core;

import dev.penstock.provider.ProviderCall;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;

/** Keeps what the core wanted done; a test plays the world. */
final class RecordingActions implements CoreActions {
  final SequencedMap<Claim, ProviderCall> calls = new LinkedHashMap<>();
  final List<Claim> interrupted = new ArrayList<>();
  final List<Batch> commits = new ArrayList<>();
  final List<Claim> stuck = new ArrayList<>();
  final List<String> failures = new ArrayList<>();
  Set<TopicPartition> paused = Set.of();
  boolean drained;

  @Override
  public void call(Claim claim, ProviderCall call) {
    claim.begun(Instant.EPOCH);
    calls.put(claim, call);
  }

  @Override
  public void interrupt(Claim claim) {
    interrupted.add(claim);
  }

  @Override
  public void commit(Batch batch) {
    commits.add(batch);
  }

  @Override
  public void pause(Set<TopicPartition> partitions) {
    paused = partitions;
  }

  @Override
  public void stuck(Claim claim) {
    stuck.add(claim);
  }

  @Override
  public void back(Claim claim) {
    stuck.remove(claim);
  }

  @Override
  public void drained() {
    drained = true;
  }

  @Override
  public void fail(String reason) {
    failures.add(reason);
  }

  /** The only claim that a call was made for. */
  Claim onlyCall() {
    if (calls.size() != 1) {
      throw new AssertionError(calls.size() + " calls were made");
    }
    return calls.keySet().iterator().next();
  }
}
