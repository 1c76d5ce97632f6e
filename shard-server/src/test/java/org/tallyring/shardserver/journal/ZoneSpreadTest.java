package org.tallyring.shardserver.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.apache.bookkeeper.net.BookieId;
import org.junit.jupiter.api.Test;

final class ZoneSpreadTest {

  @Property
  void aZoneHasASecondCopyOnlyWhereNoOtherCouldHaveAFirst(
      @ForAll @Size(min = 1, max = 12) List<@IntRange(max = 4) Integer> zoneOf,
      @ForAll @IntRange(max = 3) int haveOne,
      @ForAll @IntRange(min = 1, max = 4) int count,
      @ForAll long seed) {
    List<BookieId> bookies = new ArrayList<>();
    Map<BookieId, String> zones = new HashMap<>();
    for (int i = 0; i < zoneOf.size(); i++) {
      BookieId bookie = BookieId.parse("bookie-" + i);
      bookies.add(bookie);
      // Zone 0 stands for those that name none.
      zones.put(bookie, zoneOf.get(i) == 0 ? BookieZone.NONE : "zone-" + zoneOf.get(i));
    }
    List<BookieId> beside = bookies.subList(0, Math.min(haveOne, bookies.size()));

    List<BookieId> chosen =
        new ZoneSpread(zones::get).choose(bookies, beside, count, new Random(seed));

    assertThat(chosen)
        .doesNotHaveDuplicates()
        .noneMatch(beside::contains)
        .hasSize(Math.min(count, bookies.size() - beside.size()));
    List<BookieId> left = new ArrayList<>(bookies);
    left.removeAll(beside);
    left.removeAll(chosen);
    Map<String, Integer> copies = new HashMap<>();
    beside.forEach(bookie -> copies.merge(zones.get(bookie), 1, Integer::sum));
    chosen.forEach(bookie -> copies.merge(zones.get(bookie), 1, Integer::sum));
    for (BookieId bookie : chosen) {
      for (BookieId other : left) {
        assertThat(copies.get(zones.get(bookie)))
            .as("%s in %s, not %s in %s", bookie, zones.get(bookie), other, zones.get(other))
            .isLessThanOrEqualTo(copies.getOrDefault(zones.get(other), 0) + 1);
      }
    }
  }

  @Test
  void anEnsembleIsSpreadWhenItHasAsManyZonesAsItCould() {
    BookieId one = BookieId.parse("a-1");
    BookieId two = BookieId.parse("a-2");
    BookieId three = BookieId.parse("b-1");
    ZoneSpread spread = new ZoneSpread(bookie -> bookie.getId().substring(0, 1));

    assertThat(spread.isSpread(List.of(one, three), List.of(one, two, three))).isTrue();
    assertThat(spread.isSpread(List.of(one, two), List.of(one, two, three))).isFalse();
    assertThat(spread.isSpread(List.of(one, two), List.of(one, two))).isTrue();
    assertThat(spread.isSpread(List.of(one, two, three), List.of(one, two, three))).isTrue();
  }
}
