package dev.penstock.cli;

import dev.penstock.job.JobId;
import tools.jackson.databind.JsonNode;

/** What the server answered to one line of a stream of jobs. Lines are counted from 1. */
public sealed interface LineAnswer {
  long line();

  /** The answer as one object, in the server's form. */
  JsonNode json();

  /** The job is durable. */
  record Accepted(long line, JobId id, JsonNode json) implements LineAnswer {}

  /** The line was not accepted; the other lines do not suffer from it. */
  record Refused(long line, Problem problem, JsonNode json) implements LineAnswer {}
}
