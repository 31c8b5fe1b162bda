package dev.penstock.process;

import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.MemberDescription;

/** Who has what in a consumer group, as Kafka tells. */
public final class GroupMembers {
  private GroupMembers() {}

  /**
   * The client ids of the members that own at least one partition of {@code topic}.
   *
   * @throws IllegalStateException when Kafka does not tell
   */
  public static Set<String> owners(Admin admin, String group, String topic)
      throws InterruptedException {
    try {
      var groups = admin.describeConsumerGroups(List.of(group)).all().get();
      return Objects.requireNonNull(groups.get(group)).members().stream()
          .filter(member ->
              member.assignment().topicPartitions().stream()
                  .anyMatch(partition -> partition.topic().equals(topic)))
          .map(MemberDescription::clientId)
          .collect(Collectors.toSet());
    } catch (ExecutionException e) {
      throw new IllegalStateException("can't describe the group " + group, e);
    }
  }
}
