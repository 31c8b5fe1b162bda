package dev.penstock.http;

/**
 * One event of a stream.
 *
 * @param name empty where it has none
 * @param data its lines with a line feed between them
 */
public record ServerSentEvent(String name, String data) {}
