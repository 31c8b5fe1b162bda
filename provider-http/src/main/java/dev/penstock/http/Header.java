package dev.penstock.http;

/** A header of a request. */
public record Header(String name, String value) {
  /** Without the value: it can be a key. */
  @Override
  public String toString() {
    return name;
  }
}
