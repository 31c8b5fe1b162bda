package dev.penstock.chaos.simulated.strand;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A thread of a simulation. It runs on a virtual thread, but only while the scheduler has handed it
 * the turn.
 */
public final class Strand {
  private final int number;
  private final String name;
  private final SimProcess process;
  private final Thread thread;
  private final List<Strand> joiners = new ArrayList<>();
  private volatile boolean turn;
  private boolean begun;
  private boolean interrupted;
  private boolean ended;

  /** Counts the waits, so that what was meant for an earlier one is known. */
  private long waits;

  Strand(int number, String name, SimProcess process, Runnable body) {
    this.number = number;
    this.name = name;
    this.process = process;
    this.thread = Thread.ofVirtual().unstarted(body);
  }

  public String name() {
    return name;
  }

  public SimProcess process() {
    return process;
  }

  int number() {
    return number;
  }

  long waits() {
    return waits;
  }

  void nextWait() {
    waits++;
  }

  boolean hasEnded() {
    return ended;
  }

  /** Ends it; returns who waits for that. */
  List<Strand> end() {
    ended = true;
    return joiners;
  }

  void joinedBy(Strand joiner) {
    joiners.add(joiner);
  }

  void interrupted(boolean now) {
    interrupted = now;
  }

  boolean isInterrupted() {
    return interrupted;
  }

  /** Gives it the turn. */
  void resume() {
    turn = true;
    if (begun) {
      LockSupport.unpark(thread);
    } else {
      begun = true;
      thread.start();
    }
  }

  /** Called by itself: waits for the turn, for ever if none comes. */
  void awaitTurn(@Nullable Strand self) {
    while (!turn) {
      LockSupport.park(self);
      if (Thread.interrupted()) {
        interrupted = true;
      }
    }
  }

  void takeTurn() {
    turn = false;
  }
}
