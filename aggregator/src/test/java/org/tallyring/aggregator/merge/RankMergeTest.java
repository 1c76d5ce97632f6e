package org.tallyring.aggregator.merge;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Places of keys over any split into ranges against one full sort; {@code seed} determines all. */
final class RankMergeTest {

  private record Row(String key, long count, long beside) {}

  private static final Comparator<Row> ORDER =
      Comparator.comparingLong(Row::count)
          .reversed()
          .thenComparing(row -> bytes(row.key()), Arrays::compareUnsigned);

  /** All rows, and the same by range. */
  private static final class World {

    final Random random;
    final List<Row> all = new ArrayList<>();
    final List<List<Row>> byRange = new ArrayList<>();

    World(long seed, int ranges) {
      random = new Random(seed);
      for (int i = 0; i < ranges; i++) {
        byRange.add(new ArrayList<>());
      }
      int keys = random.nextInt(80);
      for (int i = 0; i < keys; i++) {
        long count = random.nextInt(9) - 3L;
        if (count != 0) {
          Row row = new Row((i % 2 == 0 ? "k" : "\u00fc") + i, count, random.nextInt());
          all.add(row);
          byRange.get(random.nextInt(ranges)).add(row);
        }
      }
      all.sort(ORDER);
      byRange.forEach(rows -> rows.sort(ORDER));
    }

    int rangeOf(Row row) {
      for (int i = 0; i < byRange.size(); i++) {
        if (byRange.get(i).contains(row)) {
          return i;
        }
      }
      throw new AssertionError(row);
    }

    RangePosition position(int range, Row row, int neighbors) {
      List<Row> rows = byRange.get(range);
      int before = (int) rows.stream().filter(each -> ORDER.compare(each, row) < 0).count();
      int after = before < rows.size() && rows.get(before).equals(row) ? before + 1 : before;
      return new RangePosition(
          range,
          1,
          range,
          1_000 + range,
          row.count(),
          before,
          rows.size(),
          ranking(rows.subList(Math.max(0, before - neighbors), before)),
          ranking(rows.subList(after, Math.min(rows.size(), after + neighbors))),
          Quality.EXACT);
    }
  }

  @Property
  void theMergedPlaceIsThatOfAFullSort(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 16) int ranges,
      @ForAll @IntRange(min = 0, max = 6) int neighbors) {
    World world = new World(seed, ranges);
    for (int place = 0; place < world.all.size(); place++) {
      Row row = world.all.get(place);
      RangePosition holder = world.position(world.rangeOf(row), row, neighbors);
      List<RangePosition> positions = new ArrayList<>();
      for (int range = 0; range < ranges; range++) {
        positions.add(world.position(range, row, neighbors));
      }

      MergedRank merged = RankMerge.merge(holder, positions, neighbors);

      assertThat(merged.rank()).isEqualTo(place + 1);
      assertThat(merged.total()).isEqualTo(world.all.size());
      assertThat(merged.rangesIncluded()).isEqualTo(ranges);
      assertThat(rows(merged.above()))
          .isEqualTo(text(world.all.subList(Math.max(0, place - neighbors), place)));
      assertThat(rows(merged.below()))
          .isEqualTo(
              text(
                  world.all.subList(place + 1, Math.min(world.all.size(), place + 1 + neighbors))));
    }
  }

  @Property
  void pagesJoinedAreTheFullSort(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 16) int ranges,
      @ForAll @IntRange(min = 1, max = 30) int size) {
    World world = new World(seed, ranges);
    List<String> joined = new ArrayList<>();
    Row last = null;
    while (joined.size() < world.all.size()) {
      List<RangePart> parts = new ArrayList<>();
      for (int range = 0; range < ranges; range++) {
        Row after = last;
        List<Row> next =
            world.byRange.get(range).stream()
                .filter(row -> after == null || ORDER.compare(row, after) > 0)
                .limit(size)
                .toList();
        parts.add(new RangePart(range, 1, 0, ranking(next)));
      }
      Ranking page = RangeMerge.merge(parts, size).ranking();
      assertThat(page.size()).isEqualTo(Math.min(size, world.all.size() - joined.size()));
      joined.addAll(rows(page));
      last = world.all.get(joined.size() - 1);
    }
    assertThat(joined).isEqualTo(text(world.all));
  }

  @Property
  void whatStandsBesideAKeyStaysBesideIt(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 16) int ranges,
      @ForAll @IntRange(min = 1, max = 30) int k) {
    World world = new World(seed, ranges);
    List<RangePart> parts = new ArrayList<>();
    for (int range = 0; range < ranges; range++) {
      parts.add(new RangePart(range, 1, 0, ranking(world.byRange.get(range)).first(k)));
    }

    Ranking merged = RangeMerge.merge(parts, k).ranking();

    for (int place = 0; place < merged.size(); place++) {
      assertThat(merged.beside(place, 0)).isEqualTo(world.all.get(place).beside());
      assertThat(merged.beside(place, 1)).isEqualTo(-world.all.get(place).beside());
    }
  }

  @Test
  void theHoldersSecondAnswerIsNotTaken() {
    RangePosition holder =
        new RangePosition(3, 5, 0, 10, 7, 2, 9, Ranking.EMPTY, Ranking.EMPTY, Quality.EXACT);
    // Counted on meanwhile: the key itself comes before the count that it had.
    RangePosition again =
        new RangePosition(3, 5, 0, 20, 7, 3, 9, Ranking.EMPTY, Ranking.EMPTY, Quality.EXACT);
    RangePosition other =
        new RangePosition(4, 1, 2, 5, 7, 10, 20, Ranking.EMPTY, Ranking.EMPTY, Quality.EXACT);

    MergedRank merged = RankMerge.merge(holder, List.of(again, other), 3);

    assertThat(merged.rank()).isEqualTo(13);
    assertThat(merged.total()).isEqualTo(29);
    assertThat(merged.asOfMillis()).isEqualTo(5);
    assertThat(merged.revision()).isEqualTo(2);
    assertThat(merged.rangesIncluded()).isEqualTo(2);
  }

  @Test
  void aPlaceIsAsGoodAsTheWorstOfTheRanges() {
    Quality holders = new Quality(7, 0, OptionalLong.of(100));
    Quality others = new Quality(3, 0.5, OptionalLong.of(200));
    RangePosition holder =
        new RangePosition(0, 1, 0, 10, 7, 0, 1, Ranking.EMPTY, Ranking.EMPTY, holders);
    RangePosition other =
        new RangePosition(1, 1, 0, 10, 7, 0, 1, Ranking.EMPTY, Ranking.EMPTY, others);

    MergedRank merged = RankMerge.merge(holder, List.of(other), 0);

    assertThat(merged.quality()).isEqualTo(new Quality(7, 0.5, OptionalLong.of(200)));
  }

  @Test
  void aKeyWithoutACountIsNotRankedAndHasNoNeighbors() {
    Ranking row = ranking(List.of(new Row("a", 5, 0)));
    RangePosition holder = new RangePosition(0, 1, 0, 10, 0, 0, 1, row, row, Quality.EXACT);

    MergedRank merged = RankMerge.merge(holder, List.of(), 3);

    assertThat(merged.rank()).isZero();
    assertThat(merged.total()).isEqualTo(1);
    assertThat(merged.above().size()).isZero();
    assertThat(merged.below().size()).isZero();
  }

  private static Ranking ranking(List<Row> rows) {
    ByteArrayOutputStream keys = new ByteArrayOutputStream();
    rows.forEach(row -> keys.writeBytes(bytes(row.key())));
    List<Long> beside = new ArrayList<>();
    rows.forEach(row -> beside.addAll(List.of(row.beside(), -row.beside())));
    return Ranking.of(
        keys.toByteArray(),
        rows.stream().map(row -> bytes(row.key()).length).toList(),
        rows.stream().map(Row::count).toList(),
        beside);
  }

  private static List<String> rows(Ranking ranking) {
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < ranking.size(); i++) {
      rows.add(new String(ranking.key(i), StandardCharsets.UTF_8) + "=" + ranking.count(i));
    }
    return rows;
  }

  private static List<String> text(List<Row> rows) {
    return rows.stream().map(row -> row.key() + "=" + row.count()).toList();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
