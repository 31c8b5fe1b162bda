package dev.penstock.chaos.simulated.strand;

import java.util.ArrayList;
import java.util.List;

/** A simulated process: strands that are killed, stopped and continued together. */
public final class SimProcess {
  private final String name;
  private final int number;
  private final List<Scheduler.Event> held = new ArrayList<>();
  private boolean killed;
  private boolean stopped;

  SimProcess(String name, int number) {
    this.name = name;
    this.number = number;
  }

  public String name() {
    return name;
  }

  /** A number that no other process of its simulation has. */
  public int number() {
    return number;
  }

  /** A name that no other process of its simulation has. */
  public String unique() {
    return name + "-" + number;
  }

  public boolean isKilled() {
    return killed;
  }

  public boolean isStopped() {
    return stopped;
  }

  void killed() {
    killed = true;
    held.clear();
  }

  void stopped() {
    stopped = true;
  }

  void hold(Scheduler.Event event) {
    held.add(event);
  }

  List<Scheduler.Event> continued() {
    stopped = false;
    List<Scheduler.Event> events = List.copyOf(held);
    held.clear();
    return events;
  }
}
