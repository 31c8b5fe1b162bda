package dev.penstock.streams.figures;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class SketchTest {
  @Test
  void quantilesAreWithinTheStatedError() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      var sketch = new Sketch();
      var values = new ArrayList<Long>();
      int count = 1 + random.nextInt(2_000);
      for (int i = 0; i < count; i++) {
        long value = (long) Math.exp(random.nextDouble() * Math.log(3e12));
        values.add(value);
        sketch.add(value, 1);
      }
      Collections.sort(values);
      for (double part : List.of(0.001, 0.5, 0.95, 0.99, 1.0)) {
        long exact = values.get((int) Math.max(1, Math.ceil(part * count)) - 1);
        assertThat((double) Math.abs(sketch.quantileMicros(part) - exact))
            .as("seed %d, %s of %d", seed, part, count)
            .isLessThanOrEqualTo(exact * Sketch.RELATIVE_ERROR);
      }
      assertThat(sketch.sumMicros()).isEqualTo(values.stream().mapToLong(each -> each).sum());
    }
  }

  @Test
  void smallValuesAreExact() {
    for (long value = 0; value < 128; value++) {
      assertThat(Sketch.middle(Sketch.bucket(value))).isEqualTo(value);
    }
  }

  @Test
  void bucketsRiseWithoutAGap() {
    int last = Sketch.bucket(0);
    for (long value = 1; value < 1 << 20; value++) {
      int bucket = Sketch.bucket(value);
      assertThat(bucket - last).isBetween(0, 1);
      last = bucket;
    }
    assertThat(Sketch.bucket(Sketch.MAX_MICROS)).isLessThan(3_100);
  }

  @Test
  void addingMergingAndTakingBackCommute() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    var values = new ArrayList<Long>();
    for (int i = 0; i < 500; i++) {
      values.add(random.nextLong() >>> (1 + random.nextInt(60)));
    }
    var one = new Sketch();
    values.forEach(value -> one.add(value, 1));
    Collections.shuffle(values, random);
    var left = new Sketch();
    var right = new Sketch();
    left.add(77, 3);
    values.forEach(value -> (random.nextBoolean() ? left : right).add(value, 1));
    right.add(77, -3);
    right.add(left);
    assertThat(right).as("seed %d", seed).isEqualTo(one);
    var out = new Packed.Writer();
    right.write(out);
    assertThat(Sketch.read(new Packed.Reader(out.toBytes()))).isEqualTo(one);
    values.forEach(value -> right.add(value, -1));
    assertThat(right.isEmpty()).isTrue();
  }

  @Test
  void nothingHasNoQuantiles() {
    assertThat(new Sketch().quantileMicros(0.5)).isZero();
  }

  @Test
  void timesOutOfBoundsAreTakenForTheNearest() {
    var sketch = new Sketch();
    sketch.add(-5, 1);
    assertThat(sketch.quantileMicros(1)).isZero();
    sketch.add(Long.MAX_VALUE, 1);
    assertThat(sketch.sumMicros()).isEqualTo(Sketch.MAX_MICROS);
  }
}
