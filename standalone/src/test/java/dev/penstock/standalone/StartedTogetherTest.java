package dev.penstock.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.lifecycle.Health;
import dev.penstock.lifecycle.Service;
import dev.penstock.lifecycle.StartException;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class StartedTogetherTest {
  private final Queue<String> story = new ConcurrentLinkedQueue<>();

  @Test
  void allStartAtOnceAndStopInReverse() {
    // Each start waits for the other one.
    var barrier = new CyclicBarrier(2);
    Runnable meet =
        () -> {
          try {
            barrier.await(60, TimeUnit.SECONDS);
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        };
    var both = new StartedTogether("both", () -> List.of(service("a", meet), service("b", meet)));

    both.start();
    both.start();
    assertThat(story).containsExactlyInAnyOrder("start a", "start b");
    assertThat(both.health()).isEqualTo(Health.READY);

    story.clear();
    both.close();
    both.close();
    assertThat(story).containsExactly("stop b", "stop a");
  }

  @Test
  void whenOneDoesNotStartAllAreStopped() {
    var failure = new StartException("the port is taken");
    var both =
        new StartedTogether(
            "both",
            () ->
                List.of(
                    service("a", () -> {}),
                    service(
                        "b",
                        () -> {
                          throw failure;
                        })));

    assertThatThrownBy(both::start).isSameAs(failure);

    assertThat(story).contains("stop b", "stop a");
  }

  @Test
  void isNotReadyBeforeItsStart() {
    var none = new StartedTogether("none", List::of);

    assertThat(none.health()).isInstanceOf(Health.NotReady.class);
    none.close();
    none.start();
    assertThat(story).isEmpty();
  }

  private Service service(String name, Runnable onStart) {
    return new Service() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public void start() {
        onStart.run();
        story.add("start " + name);
      }

      @Override
      public Health health() {
        return Health.READY;
      }

      @Override
      public void close() {
        story.add("stop " + name);
      }
    };
  }
}
