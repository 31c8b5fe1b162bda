package dev.penstock.bench;

/**
 * A set of keys that remembers 64 bits of each: millions of keys in little memory. Two different
 * keys are taken for one with a chance of about n² / 2^65: for ten million, 3 in a million.
 */
final class Fingerprints {
  private static final long FNV_OFFSET = 0xcbf29ce484222325L;
  private static final long FNV_PRIME = 0x100000001b3L;

  private long[] table = new long[1024];
  private int size;

  /** Adds a key. */
  void add(String key) {
    if (size * 2 > table.length) {
      long[] old = table;
      table = new long[old.length * 2];
      size = 0;
      for (long print : old) {
        if (print != 0) {
          put(print);
        }
      }
    }
    put(of(key));
  }

  /** How many different keys were added. */
  int size() {
    return size;
  }

  private void put(long print) {
    int at = (int) (print >>> 32) & (table.length - 1);
    while (table[at] != 0) {
      if (table[at] == print) {
        return;
      }
      at = (at + 1) & (table.length - 1);
    }
    table[at] = print;
    size++;
  }

  /** FNV-1a, then the finishing steps of MurmurHash3; never 0, which marks an empty place. */
  private static long of(String key) {
    long hash = FNV_OFFSET;
    for (int i = 0; i < key.length(); i++) {
      hash = (hash ^ key.charAt(i)) * FNV_PRIME;
    }
    hash = (hash ^ (hash >>> 33)) * 0xff51afd7ed558ccdL;
    hash = (hash ^ (hash >>> 33)) * 0xc4ceb9fe1a85ec53L;
    hash ^= hash >>> 33;
    return hash == 0 ? 1 : hash;
  }
}
