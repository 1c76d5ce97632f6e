package org.tallyring.shardserver.engine.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

final class FreezableTreeTest {

  private static FreezableTree<long[]> tree() {
    return new FreezableTree<>(long[]::clone);
  }

  private static Map<Integer, Long> values(FreezableTree<long[]> tree) {
    Map<Integer, Long> values = new LinkedHashMap<>();
    tree.forEach((number, value) -> values.put(number, value[0]));
    return values;
  }

  @Property(tries = 200)
  void everyViewStaysAsTheTreeWasWhenItWasMade(@ForAll long seed) {
    Random random = new Random(seed);
    FreezableTree<long[]> tree = tree();
    TreeMap<Integer, Long> model = new TreeMap<>();
    List<FreezableTree<long[]>> views = new ArrayList<>();
    List<Map<Integer, Long>> expected = new ArrayList<>();
    int bits = 1 + random.nextInt(31);
    for (int i = 0; i < 300; i++) {
      // Few numbers, that meet again and again, close together and far apart.
      int number = (random.nextInt(8) << random.nextInt(bits)) & Integer.MAX_VALUE;
      switch (random.nextInt(6)) {
        case 0 -> {
          tree.remove(number);
          model.remove(number);
        }
        case 1 -> {
          tree.put(number, new long[] {i});
          model.put(number, (long) i);
        }
        case 2 -> {
          views.add(tree.frozen());
          expected.add(new TreeMap<>(model));
        }
        default -> {
          tree.forWriting(number, () -> new long[1])[0] += i;
          model.merge(number, (long) i, Long::sum);
        }
      }
      long[] value = tree.get(number);
      assertThat(value == null ? null : value[0]).isEqualTo(model.get(number));
      assertThat(tree.size()).isEqualTo(model.size());
    }
    views.add(tree);
    expected.add(model);
    for (int i = 0; i < views.size(); i++) {
      assertThat(new ArrayList<>(values(views.get(i)).entrySet()))
          .isEqualTo(new ArrayList<>(expected.get(i).entrySet()));
    }
  }

  @Test
  void whatAViewDoesNotHaveIsChangedInPlace() {
    FreezableTree<long[]> tree = tree();
    long[] first = tree.forWriting(5, () -> new long[1]);
    assertThat(tree.forWriting(5, () -> new long[1])).isSameAs(first);
    tree.frozen();
    long[] copied = tree.forWriting(5, () -> new long[1]);
    assertThat(copied).isNotSameAs(first);
    assertThat(tree.forWriting(5, () -> new long[1])).isSameAs(copied);
  }

  @Test
  void aLargeNumberTakesAFewNodes() {
    FreezableTree<long[]> tree = tree();
    tree.put(0, new long[1]);
    long one = tree.bytes();
    tree.put(Integer.MAX_VALUE, new long[1]);
    assertThat(tree.bytes()).isLessThanOrEqualTo(14 * one);
  }
}
