package dev.penstock.local.embed;

/** Arithmetic on vectors of one length. Sums are made in a fixed order: same input, same bits. */
public final class Vectors {
  private Vectors() {}

  /** The inner product; of unit vectors, the cosine of their angle. */
  public static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  /** Adds {@code weight} times {@code vector} to {@code sum}. */
  public static void add(float[] sum, float[] vector, double weight) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += (float) (weight * vector[i]);
    }
  }

  /** Scales {@code vector} to length 1, in place; the zero vector stays. */
  public static float[] normalise(float[] vector) {
    double length = Math.sqrt(dot(vector, vector));
    if (length > 0) {
      for (int i = 0; i < vector.length; i++) {
        vector[i] = (float) (vector[i] / length);
      }
    }
    return vector;
  }
}
