package dev.penstock.chaos.simulated;

import dev.penstock.chaos.simulated.kafka.Network;
import dev.penstock.chaos.simulated.strand.Scheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The network as the scenario's faults make it. */
final class Weather implements Network {
  private final Scheduler scheduler;
  private final String control;
  private final List<Spell> spells = new ArrayList<>();

  Weather(Scheduler scheduler, String control) {
    this.scheduler = scheduler;
    this.control = control;
  }

  /** A fault that lasts. */
  private record Spell(Fault fault, long until) {}

  /** Lets a fault begin. */
  void begin(Fault fault, Duration lasting) {
    spells.add(new Spell(fault, scheduler.now() + lasting.toNanos()));
  }

  /** Ends every fault. */
  void heal() {
    spells.clear();
  }

  @Override
  public Way way(String client, Api api) {
    long there = usual();
    long back = usual();
    boolean arrives = true;
    boolean answered = true;
    for (Spell spell : spells) {
      if (spell.until() <= scheduler.now()) {
        continue;
      }
      switch (spell.fault()) {
        case Fault.Slow slow when slow.api() == api -> {
          long extra = scheduler.below(slow.delay().toNanos());
          if (scheduler.below(2) == 0) {
            there += extra;
          } else {
            back += extra;
          }
        }
        case Fault.Lossy lossy when lossy.api() == api && scheduler.below(lossy.oneIn()) == 0 -> {
          arrives &= lossy.answers();
          answered &= !lossy.answers();
        }
        case Fault.Outage _ -> arrives = false;
        case Fault _ -> {}
      }
    }
    return new Way(there, back, arrives, answered);
  }

  /** Mostly below a millisecond. */
  private long usual() {
    return 50_000 + scheduler.below(scheduler.below(20) == 0 ? 10_000_000 : 600_000);
  }

  @Override
  public long markerNanos() {
    long nanos = usual();
    for (Spell spell : spells) {
      if (spell.fault() instanceof Fault.SlowMarkers slow && spell.until() > scheduler.now()) {
        nanos += scheduler.below(slow.delay().toNanos());
      }
    }
    return nanos;
  }

  @Override
  public boolean delivers(String client, String topic) {
    for (Spell spell : spells) {
      boolean out =
          spell.fault() instanceof Fault.Outage
              || (spell.fault() instanceof Fault.ControlDelay && topic.equals(control));
      if (out && spell.until() > scheduler.now()) {
        return false;
      }
    }
    return true;
  }
}
