package dev.penstock.topic;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** docs/topics.md is made from the declaration: run with {@code -Ddocs=write} to make it anew. */
final class TopicsPageTest {
  private static final Path PAGE = Path.of("../docs/topics.md");

  @Test
  void thePageSaysWhatIsDeclared() throws IOException {
    String page = page(Topics.defaults());
    if ("write".equals(System.getProperty("docs"))) {
      Files.writeString(PAGE, page);
    }
    assertThat(Files.readString(PAGE))
        .as("mvn -pl common test -Ddocs=write makes it anew")
        .isEqualTo(page);
  }

  private static String page(Topics topics) {
    var page =
        new StringBuilder(
            """
            # Topics

            Made from `dev.penstock.topic.Topics` with its defaults; every service makes what is missing at its start and checks
            the rest. The prefix is `topics.prefix`, the number of partitions `topics.partitions` (it can't change later: keys
            hash to them).

            | topic | key | value | partitions | settings |
            |---|---|---|---|---|
            """);
    for (TopicSpec spec : topics.all()) {
      page.append(
          "| `%s` | %s | %s | %d | %s |%n"
              .formatted(
                  spec.name(),
                  spec.key(),
                  spec.value(),
                  spec.partitions(),
                  new TreeMap<>(spec.configs())
                      .entrySet().stream()
                          .map(each -> "`" + each.getKey() + "=" + each.getValue() + "`")
                          .collect(Collectors.joining(" "))));
    }
    return page.toString();
  }
}
