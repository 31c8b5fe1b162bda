package dev.penstock.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Tags and what stands for them. */
final class CacheTagTest {
  @Test
  void aTagStandsForThoseBelowItAndForNoOthers() {
    assertThat(new CacheTag("kb/articles/17").lineage())
        .containsExactly(
            new CacheTag("kb"), new CacheTag("kb/articles"), new CacheTag("kb/articles/17"));
    assertThat(new CacheTag("kb/articles2").lineage()).doesNotContain(new CacheTag("kb/articles"));
  }

  @Test
  void whatIsNoTagIsRefused() {
    for (String text :
        List.of(
            "", "/", "a/", "/a", "a//b", "a b", "ä", "a\n", "x".repeat(CacheTag.MAX_CHARS + 1))) {
      assertThat(CacheTag.isTag(text)).as(text).isFalse();
    }
    assertThat(CacheTag.isTag("x".repeat(CacheTag.MAX_CHARS))).isTrue();
  }
}
