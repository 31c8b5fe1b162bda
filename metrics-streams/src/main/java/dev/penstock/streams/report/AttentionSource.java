package dev.penstock.streams.report;

import java.util.List;

/**
 * Knows of things that someone has to look after. It is asked at most once a second, so it answers
 * at once from what it holds; it is called by several threads.
 */
@FunctionalInterface
public interface AttentionSource {
  /** What needs attention now; empty when nothing does. */
  List<Attention> now();
}
