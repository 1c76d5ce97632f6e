package org.tallyring.topology.hash;

import com.dynatrace.hash4j.hashing.Hasher64;
import com.dynatrace.hash4j.hashing.Hashing;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The hash that places a key on the ring: XXH3-64, seed 0, over the namespace in UTF-8, one zero
 * byte, then the key.
 *
 * <p>It is part of the wire contract and fixed for ever: clients and shards compute it apart from
 * each other, and if they differed, counts would go to ranges where nobody looks for them. The
 * golden vectors in {@code key-hash-vectors.tsv} hold it in place. The zero byte, which no
 * namespace and no key can contain, keeps ("a", "bc") and ("ab", "c") apart.
 *
 * <p>An instance hashes keys of one namespace without allocation; it is not thread-safe.
 */
public final class KeyHash {

  /** The name of this hash in a cluster's configuration. */
  public static final String NAME = "xxh3-64";

  private static final Hasher64 XXH3 = Hashing.xxh3_64();

  private final int prefixLength;
  private byte[] buffer;

  /** A hash of keys of {@code namespace}. */
  public KeyHash(String namespace) {
    byte[] name = namespace.getBytes(StandardCharsets.UTF_8);
    prefixLength = name.length + 1;
    buffer = Arrays.copyOf(name, prefixLength + 64);
  }

  /** The hash of the key in {@code bytes[offset, offset + length)}. */
  public long hash(byte[] bytes, int offset, int length) {
    int total = prefixLength + length;
    if (total > buffer.length) {
      buffer = Arrays.copyOf(buffer, total);
    }
    System.arraycopy(bytes, offset, buffer, prefixLength, length);
    return XXH3.hashBytesToLong(buffer, 0, total);
  }

  /** The hash of a whole key. */
  public long hash(byte[] key) {
    return hash(key, 0, key.length);
  }
}
