package dev.penstock.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ServiceGroupTest {
  private final List<String> log = new ArrayList<>();

  @Test
  void servicesStartInOrderAndStopInReverse() {
    var group = new ServiceGroup("all", List.of(service("a"), service("b")));
    group.start();
    group.start();
    group.close();
    group.close();
    assertThat(log).containsExactly("start a", "start b", "stop b", "stop a");
  }

  @Test
  void whenOneDoesNotStartThoseBeforeItAreStoppedAgain() {
    var group = new ServiceGroup("all", List.of(service("a"), failing("b"), service("c")));
    assertThatThrownBy(group::start).isInstanceOf(StartException.class).hasMessage("b can't");
    assertThat(log).containsExactly("start a", "start b", "stop b", "stop a");
  }

  @Test
  void aStopBeforeTheStartIsFinal() {
    var group = new ServiceGroup("all", List.of(service("a")));
    group.close();
    group.start();
    assertThat(log).isEmpty();
  }

  @Test
  void theWorstHealthIsTheGroups() {
    assertThat(health(Health.READY, Health.READY)).isEqualTo(Health.READY);
    assertThat(health(Health.READY, new Health.NotReady("restoring")))
        .isEqualTo(new Health.NotReady("s: restoring"));
    assertThat(health(new Health.Dead("gone"), new Health.NotReady("restoring")))
        .isEqualTo(new Health.Dead("s: gone"));
  }

  private Health health(Health first, Health second) {
    return new ServiceGroup(
            "all", List.of(new Fake("s", first, false), new Fake("s", second, false)))
        .health();
  }

  private Service service(String name) {
    return new Fake(name, Health.READY, false);
  }

  private Service failing(String name) {
    return new Fake(name, Health.READY, true);
  }

  private final class Fake implements Service {
    private final String name;
    private final Health health;
    private final boolean fails;

    private Fake(String name, Health health, boolean fails) {
      this.name = name;
      this.health = health;
      this.fails = fails;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public void start() {
      log.add("start " + name);
      if (fails) {
        throw new StartException(name + " can't");
      }
    }

    @Override
    public Health health() {
      return health;
    }

    @Override
    public void close() {
      log.add("stop " + name);
    }
  }
}
