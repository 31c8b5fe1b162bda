package dev.penstock.api.schedule;

import java.util.Optional;

/**
 * What is answered about a schedule.
 *
 * @param status the HTTP status: 200 or 201
 * @param etag the version of the schedule, with its quotes, where it is about one
 * @param json the body
 */
public record ScheduleAnswer(int status, Optional<String> etag, String json) {}
