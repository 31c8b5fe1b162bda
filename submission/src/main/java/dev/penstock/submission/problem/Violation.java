package dev.penstock.submission.problem;

/**
 * One thing that is wrong with a request.
 *
 * @param pointer where, as a JSON Pointer (RFC 6901)
 * @param message what must hold there
 */
public record Violation(String pointer, String message) {}
