package dev.penstock.streams.figures;

import java.util.Optional;

/** By what figures can be told apart. */
public enum Dimension {
  TENANT("tenant"),
  MODEL("model"),
  PROVIDER("provider"),
  PROVIDER_MODEL("providerModel"),
  KIND("kind"),
  OUTCOME("outcome");

  private final String wireName;

  Dimension(String wireName) {
    this.wireName = wireName;
  }

  /** The name in a request and as a label. */
  public String wireName() {
    return wireName;
  }

  public static Optional<Dimension> ofWireName(String name) {
    for (Dimension dimension : values()) {
      if (dimension.wireName.equals(name)) {
        return Optional.of(dimension);
      }
    }
    return Optional.empty();
  }

  /** What {@code subject} says of it; empty where that does not apply. */
  String of(Subject subject) {
    return switch (this) {
      case TENANT -> subject.tenant();
      case MODEL -> subject.model();
      case PROVIDER -> subject.provider();
      case PROVIDER_MODEL -> subject.providerModel();
      case KIND -> subject.kind();
      case OUTCOME -> subject.outcome();
    };
  }
}
