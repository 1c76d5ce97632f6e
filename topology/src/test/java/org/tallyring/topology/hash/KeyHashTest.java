package org.tallyring.topology.hash;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.AlphaChars;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class KeyHashTest {

  private record Vector(String namespace, byte[] key, long hash) {}

  static List<Vector> vectors() throws IOException {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                Objects.requireNonNull(
                    KeyHashTest.class.getResourceAsStream("key-hash-vectors.tsv")),
                StandardCharsets.UTF_8))) {
      return reader
          .lines()
          .filter(line -> !line.startsWith("#"))
          .map(line -> line.split("\t", -1))
          .map(
              column ->
                  new Vector(
                      column[0],
                      HexFormat.of().parseHex(column[1]),
                      Long.parseUnsignedLong(column[2], 16)))
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("vectors")
  void agreesWithTheReferenceImplementation(Vector vector) {
    assertThat(new KeyHash(vector.namespace()).hash(vector.key())).isEqualTo(vector.hash());
  }

  @Test
  void theVectorsCoverEveryCodePathOfTheHash() throws IOException {
    List<Vector> vectors = vectors();
    assertThat(vectors).hasSizeGreaterThanOrEqualTo(40);
    assertThat(vectors)
        .extracting(vector -> vector.key().length)
        .contains(1, 2, 3, 4, 8, 9, 16, 17, 128, 129, 240, 241, 512);
    // XXH3 treats inputs of 1-3, 4-8, 9-16, 17-128, 129-240 and more bytes in different ways.
    assertThat(vectors)
        .extracting(vector -> vector.namespace().length() + 1 + vector.key().length)
        .contains(3, 4, 8, 9, 16, 17, 128, 129, 240, 241);
  }

  @Test
  void oneInstanceHashesKeysOfAnyLengthInAnyOrder() throws IOException {
    KeyHash hash = new KeyHash("default");
    List<Vector> vectors =
        vectors().stream().filter(vector -> vector.namespace().equals("default")).toList();
    for (Vector longer : vectors) {
      for (Vector other : vectors) {
        assertThat(hash.hash(longer.key())).isEqualTo(longer.hash());
        assertThat(hash.hash(other.key())).isEqualTo(other.hash());
      }
    }
  }

  @Test
  void theBorderBetweenNamespaceAndKeyCounts() {
    byte[] c = {'c'};
    byte[] bc = {'b', 'c'};
    assertThat(new KeyHash("a").hash(bc)).isNotEqualTo(new KeyHash("ab").hash(c));
  }

  @Property
  void instancesDoNotDisturbEachOther(
      @ForAll @AlphaChars @StringLength(min = 1, max = 64) String first,
      @ForAll @AlphaChars @StringLength(min = 1, max = 64) String second,
      @ForAll @Size(min = 1, max = 512) byte[] key,
      @ForAll @Size(min = 1, max = 512) byte[] otherKey) {
    long alone = new KeyHash(first).hash(key);
    KeyHash one = new KeyHash(first);
    KeyHash another = new KeyHash(second);
    one.hash(otherKey);
    another.hash(otherKey);
    assertThat(one.hash(key)).isEqualTo(alone);
    assertThat(another.hash(key)).isEqualTo(new KeyHash(second).hash(key));
  }

  @Property
  void aKeyHashesTheSameWhereverItStandsInAnArray(
      @ForAll @Size(min = 1, max = 512) byte[] key,
      @ForAll @IntRange(max = 40) int before,
      @ForAll @IntRange(max = 40) int after,
      @ForAll byte filler) {
    byte[] array = new byte[before + key.length + after];
    Arrays.fill(array, filler);
    System.arraycopy(key, 0, array, before, key.length);
    KeyHash hash = new KeyHash("default");
    assertThat(hash.hash(array, before, key.length)).isEqualTo(hash.hash(key));
  }
}
