package org.tallyring.aggregator.merge;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

final class RangeMergeTest {

  private record Row(byte[] key, long count) {
    @Override
    public String toString() {
      return Arrays.toString(key) + "=" + count;
    }
  }

  private static final Comparator<Row> ORDER =
      Comparator.comparingLong(Row::count)
          .reversed()
          .thenComparing(Row::key, Arrays::compareUnsigned);

  /** Few counts, so that ties are common, and keys with bytes on both sides of the sign bit. */
  @Provide
  Arbitrary<Map<List<Byte>, Long>> counts() {
    Arbitrary<List<Byte>> keys =
        Arbitraries.of((byte) 'a', (byte) 'b', (byte) 0x7f, (byte) 0x80, (byte) 0xff)
            .list()
            .ofMinSize(1)
            .ofMaxSize(6);
    return Arbitraries.maps(keys, Arbitraries.longs().between(-3, 12)).ofMaxSize(200);
  }

  @Property
  void aMergeOfAnySplitByKeyIsTheFullSort(
      @ForAll("counts") Map<List<Byte>, Long> counts,
      @ForAll @IntRange(min = 1, max = 64) int ranges,
      @ForAll @IntRange(min = 1, max = 250) int k) {
    List<Row> all = new ArrayList<>();
    List<List<Row>> split = new ArrayList<>();
    for (int i = 0; i < ranges; i++) {
      split.add(new ArrayList<>());
    }
    counts.forEach(
        (key, count) -> {
          byte[] bytes = new byte[key.size()];
          for (int i = 0; i < bytes.length; i++) {
            bytes[i] = key.get(i);
          }
          Row row = new Row(bytes, count);
          all.add(row);
          split.get(Math.floorMod(key.hashCode(), ranges)).add(row);
        });
    List<RangePart> parts = new ArrayList<>();
    for (int i = 0; i < ranges; i++) {
      parts.add(new RangePart(i, 1, 0, ranking(split.get(i)).first(k)));
    }

    MergedTopK merged = RangeMerge.merge(parts, k);

    all.sort(ORDER);
    assertThat(rows(merged.ranking()))
        .isEqualTo(all.subList(0, Math.min(k, all.size())).stream().map(Row::toString).toList());
    assertThat(merged.rangesIncluded()).isEqualTo(ranges);
  }

  @Property
  void aShorterRankingIsTheBeginningOfALongerOne(
      @ForAll("counts") Map<List<Byte>, Long> counts, @ForAll @IntRange(min = 1, max = 250) int k) {
    List<Row> all = new ArrayList<>();
    counts.forEach(
        (key, count) -> {
          byte[] bytes = new byte[key.size()];
          for (int i = 0; i < bytes.length; i++) {
            bytes[i] = key.get(i);
          }
          all.add(new Row(bytes, count));
        });
    RangePart part = new RangePart(0, 1, 0, ranking(all));

    assertThat(rows(RangeMerge.merge(List.of(part), k).ranking()))
        .isEqualTo(rows(RangeMerge.merge(List.of(part), 1000).ranking().first(k)));
  }

  @Property
  void aMergeOfPartsWithFloorsSaysHowFarItGoes(
      @ForAll("counts") Map<List<Byte>, Long> counts,
      @ForAll @Size(min = 1, max = 8) List<@LongRange(min = -2, max = 14) Long> floors,
      @ForAll @IntRange(min = 1, max = 60) int k) {
    List<Row> all = new ArrayList<>();
    Map<Integer, List<Row>> split = new HashMap<>();
    counts.forEach(
        (key, count) -> {
          byte[] bytes = new byte[key.size()];
          for (int i = 0; i < bytes.length; i++) {
            bytes[i] = key.get(i);
          }
          Row row = new Row(bytes, count);
          all.add(row);
          split
              .computeIfAbsent(
                  Math.floorMod(key.hashCode(), floors.size()), unseen -> new ArrayList<>())
              .add(row);
        });
    List<RangePart> parts = new ArrayList<>();
    for (int i = 0; i < floors.size(); i++) {
      long floor = floors.get(i);
      List<Row> rows = split.getOrDefault(i, List.of());
      List<Row> sent = rows.stream().filter(row -> row.count() >= floor).toList();
      Ranking ranking = ranking(sent).first(k);
      parts.add(
          ranking.size() == k
              ? new RangePart(i, 1, 0, ranking)
              : new RangePart(i, 1, 0, ranking, floor));
    }

    MergedTopK merged = RangeMerge.merge(parts, k);

    all.sort(ORDER);
    List<String> best =
        all.subList(0, Math.min(k, all.size())).stream().map(Row::toString).toList();
    assertThat(rows(merged.ranking())).isEqualTo(best.subList(0, merged.ranking().size()));
    if (merged.holds(k)) {
      assertThat(rows(merged.ranking())).isEqualTo(best);
    }
    long reached = all.stream().filter(row -> row.count() >= merged.floor()).count();
    assertThat(merged.ranking().size()).isEqualTo((int) Math.min(k, reached));
  }

  @Test
  void ofTwoAnswersForARangeTheNewerOwnersCounts() {
    RangePart old = new RangePart(3, 4, 9, ranking(List.of(new Row(new byte[] {'x'}, 100))));
    RangePart present = new RangePart(3, 5, 2, ranking(List.of(new Row(new byte[] {'x'}, 7))));
    RangePart other = new RangePart(4, 1, 1, Ranking.EMPTY);

    for (List<RangePart> parts :
        List.of(List.of(old, present, other), List.of(present, other, old))) {
      MergedTopK merged = RangeMerge.merge(parts, 10);
      assertThat(merged.ranking().size()).isEqualTo(1);
      assertThat(merged.ranking().count(0)).isEqualTo(7);
      assertThat(merged.revision()).isEqualTo(3);
      assertThat(merged.rangesIncluded()).isEqualTo(2);
    }
  }

  @Test
  void nothingMergesToNothing() {
    MergedTopK merged = RangeMerge.merge(List.of(), 10);
    assertThat(merged.ranking().size()).isZero();
    assertThat(merged.rangesIncluded()).isZero();
  }

  private static Ranking ranking(List<Row> rows) {
    List<Row> sorted = rows.stream().sorted(ORDER).toList();
    ByteArrayOutputStream keys = new ByteArrayOutputStream();
    sorted.forEach(row -> keys.writeBytes(row.key()));
    return Ranking.of(
        keys.toByteArray(),
        sorted.stream().map(row -> row.key().length).toList(),
        sorted.stream().map(Row::count).toList());
  }

  private static List<String> rows(Ranking ranking) {
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < ranking.size(); i++) {
      rows.add(new Row(ranking.key(i), ranking.count(i)).toString());
    }
    return rows;
  }
}
