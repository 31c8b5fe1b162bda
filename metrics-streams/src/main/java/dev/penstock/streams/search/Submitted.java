package dev.penstock.streams.search;

import dev.penstock.job.Job;
import dev.penstock.job.Priority;
import dev.penstock.streams.view.Input;
import dev.penstock.streams.view.JobLife;
import dev.penstock.streams.view.Origin;
import org.jspecify.annotations.Nullable;

/**
 * What the index needs of a job that its life does not keep.
 *
 * @param priority the job's
 * @param input its text, cut at {@link Texts#MAX_CHARS}; null where inputs are not searched or no
 *     topic holds it any more
 */
record Submitted(Priority priority, @Nullable String input) {
  static Submitted of(Job job, SearchText texts) {
    return new Submitted(job.priority(), texts.input() ? Texts.of(job.input()) : null);
  }

  /** What is known of a job whose record can't be read any more: the topic tells the priority. */
  static Submitted unknown(JobLife life) {
    JobLife.Profile profile = life.profile();
    Origin origin = profile == null ? null : profile.origin();
    Input input = origin == null ? Input.JOBS : origin.input();
    return new Submitted(
        switch (input) {
          case JOBS_HIGH -> Priority.HIGH;
          case JOBS_LOW -> Priority.LOW;
          case JOBS, ACCEPTED, EVENTS, CONTROL -> Priority.NORMAL;
        },
        null);
  }

  int chars() {
    return input == null ? 0 : input.length();
  }
}
