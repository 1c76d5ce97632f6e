package org.tallyring.benchmarks.keys;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class RankStreamTest {

  private static final int LENGTH = 1 << 22;

  @Test
  void aKeyIsChosenInInverseProportionToItsRank() {
    long[] chosen = counted(new RankStream(1_000, 1.0, 7), 1_000);

    for (int rank : new int[] {1, 2, 9, 99}) {
      assertThat((double) chosen[0] / chosen[rank])
          .as("rank %d", rank)
          .isCloseTo(rank + 1, within(0.05 * (rank + 1)));
    }
    assertThat(chosen).as("all keys occur").doesNotContain(0);
  }

  @Test
  void withoutSkewAllKeysAreChosenAlike() {
    for (long count : counted(new RankStream(100, 0, 7), 100)) {
      assertThat((double) count).isCloseTo(LENGTH / 100.0, within(0.05 * LENGTH / 100));
    }
  }

  @Test
  void theStreamIsTheSameForTheSameSeedAndBeginsAgainAtItsEnd() {
    RankStream one = new RankStream(50, 1.2, 3);
    RankStream same = new RankStream(50, 1.2, 3);

    for (long place = 0; place < 1_000; place++) {
      assertThat(one.at(place)).isEqualTo(same.at(place)).isEqualTo(one.at(place + LENGTH));
    }
    assertThat(RankStream.partStart(0, 3)).isZero();
    assertThat(RankStream.partStart(2, 4)).isEqualTo(LENGTH / 2);
  }

  @Test
  void keysHave16BytesAndTellTheirRank() {
    Set<String> keys = new HashSet<>();
    for (int rank = 0; rank < 10_000; rank++) {
      String key = ZipfKeys.key(rank);
      assertThat(key.getBytes(UTF_8)).hasSize(16);
      assertThat(ZipfKeys.rankOf(key)).isEqualTo(rank);
      keys.add(key);
    }
    assertThat(keys).hasSize(10_000);
    assertThat(ZipfKeys.rankOf(ZipfKeys.key(19_999_999))).isEqualTo(19_999_999);
  }

  private static long[] counted(RankStream stream, int keys) {
    long[] counts = new long[keys];
    for (long place = 0; place < LENGTH; place++) {
      counts[stream.at(place)]++;
    }
    return counts;
  }
}
