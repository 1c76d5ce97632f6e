package org.tallyring.shardserver.engine.strategy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FrequentKeysTest {

  @Property(tries = 100)
  void everyTrueCountLiesWithinTheBound(@ForAll long seed) {
    Random random = new Random(seed);
    FrequentKeys first = new FrequentKeys(32);
    FrequentKeys second = new FrequentKeys(32);
    Map<ByteString, Long> truth = new HashMap<>();
    for (int i = 0; i < 5000; i++) {
      ByteString key = key((int) Math.abs(random.nextGaussian() * 60));
      long delta = 1L + random.nextInt(3);
      (random.nextBoolean() ? first : second).add(key, delta);
      truth.merge(key, delta, Long::sum);
    }
    first.merge(second);
    assertThat(first.size()).isLessThanOrEqualTo(24);
    assertThat(first.maxError()).isPositive();
    truth.forEach(
        (key, count) ->
            assertThat(Math.abs(first.count(key) - count)).isLessThanOrEqualTo(first.maxError()));
    first.entries().forEach(e -> assertThat(e.count()).isLessThanOrEqualTo(truth.get(e.key())));
    first.best(24).forEach(e -> assertThat(e.count()).isGreaterThanOrEqualTo(truth.get(e.key())));
  }

  @Property(tries = 100)
  void itHoldsWhatTheDefinitionSays(@ForAll long seed) {
    Random random = new Random(seed);
    int mapSize = 8 << random.nextInt(9);
    FrequentKeys keys = new FrequentKeys(mapSize);
    Map<ByteString, Long> held = new HashMap<>();
    long error = 0;
    for (int i = 0; i < 10_000; i++) {
      ByteString key = key((int) Math.abs(random.nextGaussian() * mapSize));
      long delta = 1L + (random.nextInt(10) == 0 ? random.nextInt(100_000) : 0);
      keys.add(key, delta);
      held.merge(key, delta, Long::sum);
      if (held.size() > mapSize / 4 * 3) {
        long median =
            held.values().stream().sorted().skip(held.size() / 2).findFirst().orElseThrow();
        held.values().removeIf(count -> count <= median);
        held.replaceAll((each, count) -> count - median);
        error += median;
      }
    }
    Map<ByteString, Long> actual = new HashMap<>();
    keys.entries().forEach(entry -> actual.put(entry.key(), entry.count()));
    assertThat(actual).isEqualTo(held);
    assertThat(keys.size()).isEqualTo(held.size());
    assertThat(keys.maxError()).isEqualTo(error);
    long bound = error;
    assertThat(keys.best(10).stream().map(FrequentKeys.Entry::count))
        .isEqualTo(
            held.values().stream()
                .map(count -> count + bound)
                .sorted(Comparator.reverseOrder())
                .limit(10)
                .toList());
  }

  @Property
  void theSmallestAreThoseOfTheSorted(
      @ForAll @Size(min = 1, max = 60) List<@LongRange(min = 0) Long> values, @ForAll int seed) {
    int rank = Math.floorMod(seed, values.size());
    assertThat(FrequentKeys.smallest(values.stream().mapToLong(Long::longValue).toArray(), rank))
        .isEqualTo(values.stream().sorted().toList().get(rank));
  }

  @Property(tries = 50)
  void aReloadedOnePurgesLikeTheOriginal(@ForAll long seed) {
    Random random = new Random(seed);
    FrequentKeys original = new FrequentKeys(2048);
    FrequentKeys reloaded = new FrequentKeys(2048);
    for (int i = 0; i < 20_000; i++) {
      ByteString key = key(random.nextInt(10_000));
      long delta = 1L + random.nextInt(100);
      int purged = original.add(key, delta);
      assertThat(reloaded.add(key, delta)).isEqualTo(purged);
      if (random.nextInt(2000) == 0) {
        FrequentKeys copy = new FrequentKeys(2048);
        copy.restore(reloaded.maxError());
        reloaded.entries().forEach(entry -> copy.add(entry.key(), entry.count()));
        reloaded = copy;
      }
    }
    assertThat(original.maxError()).isPositive();
    assertThat(reloaded.entries()).isEqualTo(original.entries());
    assertThat(reloaded.maxError()).isEqualTo(original.maxError());
  }

  @Property(tries = 50)
  void frozenOnesStayAsTheyWere(@ForAll long seed) {
    Random random = new Random(seed);
    FrequentKeys keys = new FrequentKeys(2048);
    List<FrequentKeys> views = new ArrayList<>();
    List<List<FrequentKeys.Entry>> expected = new ArrayList<>();
    List<Long> errors = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      keys.add(key(random.nextInt(5_000)), 1L + random.nextInt(100));
      if (random.nextInt(2000) == 0) {
        views.add(keys.frozen());
        expected.add(keys.entries());
        errors.add(keys.maxError());
      }
    }
    assertThat(keys.maxError()).isPositive();
    for (int i = 0; i < views.size(); i++) {
      assertThat(views.get(i).entries()).isEqualTo(expected.get(i));
      assertThat(views.get(i).size()).isEqualTo(expected.get(i).size());
      assertThat(views.get(i).maxError()).isEqualTo(errors.get(i));
    }
  }

  @Test
  void equalCountsAreInTheOrderOfTheirKeys() {
    FrequentKeys keys = new FrequentKeys(8);
    keys.add(ByteString.copyFromUtf8("b"), 2);
    keys.add(ByteString.copyFromUtf8("\u00e9"), 2);
    keys.add(ByteString.copyFromUtf8("a"), 2);
    keys.add(ByteString.copyFromUtf8("c"), 3);
    assertThat(keys.best(3).stream().map(e -> e.key().toStringUtf8()))
        .containsExactly("c", "a", "b");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4, 7, 12, 1000, -8, 1 << 17, Integer.MIN_VALUE})
  void mapSizesOutOfBoundsAreRefused(int size) {
    assertThatIllegalArgumentException().isThrownBy(() -> new FrequentKeys(size));
  }

  private static ByteString key(int number) {
    return ByteString.copyFromUtf8("key-" + number);
  }
}
