package dev.penstock.worker.core;

import dev.penstock.worker.window.Custody;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How carefully one partition's jobs are run, after owners of it were lost: one of its jobs may
 * have killed them. The more were lost, the fewer run at once; in the end one at a time in the
 * whole process, and the committed {@link Custody} says which. A job that was on trial for {@link
 * #SUSPECT_DEATHS} deaths, at the last one with nothing else running, is not run again. What was
 * run and did no harm makes the partition less suspicious, step by step.
 *
 * <p>So a job that is among the first of its partition kills 4 + {@link #SUSPECT_DEATHS} processes
 * at most; one that has many before it may kill one more each time that some of them prove
 * harmless.
 */
final class Caution {
  /** Deaths after which a job that ran alone is the one. */
  static final int SUSPECT_DEATHS = 3;

  /** How many of a partition's jobs run at once after 2 deaths, after 3, and from 4 on. */
  private static final int[] AT_ONCE = {64, 8, 1};

  private static final int CAREFUL_FROM = 2;
  private static final int ALONE_FROM = CAREFUL_FROM + AT_ONCE.length - 1;

  /** How many jobs have to prove harmless for a death to be forgotten; by the present deaths. */
  private static final int[] PROVEN = {0, 512, 512, 64, 8};

  private Custody custody;
  private @Nullable Custody committing;
  private Custody committed;

  /** Jobs that are ready and may not run yet. */
  private final Deque<Claim> heldBack = new ArrayDeque<>();

  private final Set<Claim> running = new HashSet<>();

  /** Those whose end is awaited before a death is forgotten. */
  private final Set<Claim> unproven = new HashSet<>();

  private int started;

  /**
   * @param left what the former owner left
   * @param process this one
   */
  Caution(Custody left, int process) {
    this.committed = left;
    this.custody = left.takenOverBy(process);
  }

  // What is committed

  /** What the next commit says. */
  Custody toCommit(boolean leaving) {
    committing = leaving && isTaken() ? custody.handedBack() : custody;
    return committing;
  }

  /** That commit is done. */
  void committed() {
    if (committing != null) {
      committed = committing;
      committing = null;
    }
  }

  /** Whether it is committed that this process has the partition; nothing is run before. */
  boolean isTaken() {
    return committed.process() == custody.process();
  }

  /** Whether a commit is to be made for its sake: before anything is run, or before it leaves. */
  boolean wantsCommit(boolean leaving) {
    if (leaving) {
      return isTaken();
    }
    boolean suspended = committed.onTrial() && !custody.onTrial() && custody.hasSuspect();
    return !custody.equals(committed) && (!isTaken() || custody.onTrial() || suspended);
  }

  /** Whether the next commit would say something new. */
  boolean isChanged() {
    return !custody.equals(committed);
  }

  // What may run

  /** Whether jobs run one at a time in the whole process. */
  boolean isAlone() {
    return custody.deaths() >= ALONE_FROM;
  }

  /** Whether another job may be started now. */
  boolean mayStart() {
    int deaths = custody.deaths();
    return deaths < CAREFUL_FROM || (!isAlone() && running.size() < AT_ONCE[deaths - CAREFUL_FROM]);
  }

  void holdBack(Claim claim) {
    heldBack.add(claim);
  }

  /**
   * One that was held back, taken out: the one that ran alone when an owner was lost, else the
   * first; null when there is none.
   */
  @Nullable Claim nextHeldBack() {
    if (custody.hasSuspect()) {
      for (Claim claim : heldBack) {
        if (claim.offset() == custody.suspect()) {
          heldBack.remove(claim);
          return claim;
        }
      }
    }
    return heldBack.poll();
  }

  boolean hasHeldBack() {
    return !heldBack.isEmpty();
  }

  boolean removeHeldBack(Claim claim) {
    return heldBack.remove(claim);
  }

  /** The claim is to be run alone; it may be once that is committed. */
  void tryAlone(Claim claim) {
    custody = custody.trying(claim.offset());
  }

  /**
   * The claim was to run alone, but nobody may be called for it now: whatever happens meanwhile is
   * not its doing.
   */
  void suspended(Claim claim) {
    if (custody.onTrial() && custody.suspect() == claim.offset()) {
      custody = custody.suspended();
    }
  }

  /** Whether it is committed that the claim is on trial. */
  boolean isOnTrial(Claim claim) {
    return committed.onTrial() && custody.onTrial() && committed.suspect() == claim.offset();
  }

  /** The claim that ran alone when an owner was lost, or is to; null when it is not claimed. */
  @Nullable Claim suspectOf(PartitionState state) {
    return custody.hasSuspect() ? state.claim(custody.suspect()) : null;
  }

  /** How many owners were lost while {@code offset} was on trial. */
  int deathsBy(long offset) {
    return custody.suspect() == offset ? custody.suspectDeaths() : 0;
  }

  /** The job was found out; the others may go on in small numbers until they prove harmless. */
  void convicted() {
    custody = custody.cleared().withDeaths(Math.min(custody.deaths(), ALONE_FROM - 1));
    unproven.clear();
    started = 0;
  }

  // What proves harmless

  void started(Claim claim) {
    if (custody.deaths() == 0) {
      return;
    }
    running.add(claim);
    if (started < provenAfter()) {
      started++;
      unproven.add(claim);
    }
  }

  /** The claim's call came to its end, or goes on without this worker. */
  void ended(Claim claim) {
    running.remove(claim);
    unproven.remove(claim);
    if (custody.deaths() > 0 && started >= provenAfter() && unproven.isEmpty()) {
      forgiveOne();
    }
  }

  /** The claim was dropped, which proves nothing. */
  void dropped(Claim claim) {
    running.remove(claim);
    unproven.remove(claim);
  }

  /** What the claim came to is known: it is no suspect any more. */
  void settled(Claim claim) {
    if (custody.suspect() == claim.offset()) {
      custody = custody.cleared();
    }
  }

  /** Everything there was has been run. */
  void allProven() {
    if (custody.deaths() > 0 && running.isEmpty() && heldBack.isEmpty()) {
      custody = custody.cleared().withDeaths(0);
    }
  }

  private void forgiveOne() {
    custody = custody.withDeaths(Math.min(custody.deaths(), ALONE_FROM) - 1);
    started = 0;
    unproven.addAll(running);
  }

  private int provenAfter() {
    return PROVEN[Math.min(custody.deaths(), PROVEN.length - 1)];
  }
}
