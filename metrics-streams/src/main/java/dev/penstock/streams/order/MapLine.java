package dev.penstock.streams.order;

import dev.penstock.job.JobId;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Lines in memory, for simulations and tests: {@link #find} looks at all who wait. */
public final class MapLine implements Line {
  final Map<String, Head> heads = new HashMap<>();
  final Map<String, NavigableMap<Long, Waiting>> queues = new HashMap<>();

  @Override
  public @Nullable Head head(String key) {
    return heads.get(key);
  }

  @Override
  public void setHead(String key, Head head) {
    heads.put(key, head);
  }

  @Override
  public void removeHead(String key) {
    heads.remove(key);
  }

  @Override
  public void add(String key, Waiting waiting) {
    queue(key).put(waiting.position(), waiting);
  }

  @Override
  public @Nullable Waiting firstBehind(String key, long position) {
    Map.Entry<Long, Waiting> entry = queue(key).higherEntry(position);
    return entry == null ? null : entry.getValue();
  }

  @Override
  public @Nullable Waiting find(String key, JobId job, int generation) {
    return queue(key).values().stream()
        .filter(each -> each.job().jobId().equals(job) && each.job().generation() == generation)
        .findFirst()
        .orElse(null);
  }

  @Override
  public void remove(String key, Waiting waiting) {
    queue(key).remove(waiting.position());
  }

  private NavigableMap<Long, Waiting> queue(String key) {
    return queues.computeIfAbsent(key, _ -> new TreeMap<>());
  }
}
