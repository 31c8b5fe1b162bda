package dev.penstock.streams.figures;

/** A number. */
final class Tally implements Cell {
  long value;

  Tally(long value) {
    this.value = value;
  }

  @Override
  public boolean isEmpty() {
    return value == 0;
  }

  @Override
  public void write(Packed.Writer out) {
    out.signed(value);
  }

  static Tally read(Packed.Reader in) {
    return new Tally(in.signed());
  }
}
