package dev.penstock.topic;

/** Names of record headers. Values are UTF-8 text; numbers are decimal. */
public final class RecordHeaders {
  /** The W3C trace context of the submission, passed on to every record of the job. */
  public static final String TRACEPARENT = "traceparent";

  /** The generation of the job: on every record that Penstock writes about one. */
  public static final String GENERATION = "penstock-generation";

  /** On ordered records: the job's id. */
  public static final String JOB_ID = "penstock-job-id";

  /** On jobs and retries: the number of the next attempt, from 1. */
  public static final String ATTEMPT = "penstock-attempt";

  /** On retries: not before, in milliseconds since the epoch. */
  public static final String DUE = "penstock-due";

  /** On records that wait: the priority of their job, where it is not normal. */
  public static final String PRIORITY = "penstock-priority";

  /**
   * On dead letters: {@code job} (the value is a DeadLetter) or {@code poison} (the value is the
   * record's bytes).
   */
  public static final String DEAD_LETTER = "penstock-dead-letter";

  /** On poison dead letters: why the record could not be read. */
  public static final String REASON = "penstock-reason";

  /** On poison dead letters: {@code topic:partition:offset}. */
  public static final String ORIGIN = "penstock-origin";

  /** On poison dead letters that were cut: the size of the whole key and value, in bytes. */
  public static final String ORIGINAL_BYTES = "penstock-original-bytes";

  private RecordHeaders() {}
}
