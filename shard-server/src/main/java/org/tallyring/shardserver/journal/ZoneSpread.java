package org.tallyring.shardserver.journal;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import org.apache.bookkeeper.net.BookieId;

/**
 * Chooses bookies for copies so that each zone gets as few of them as possible.
 *
 * <p>One after the other, always by chance among those whose zone has the fewest yet. As long as a
 * zone has one to offer, that leaves no two zones more than one copy apart; so with at least as
 * many zones as copies, no two copies share a zone. Bookies that name no zone are in one by
 * themselves, hence without zones at all everything is by chance.
 */
final class ZoneSpread {

  private final Function<BookieId, String> zones;

  /**
   * By what is known of zones.
   *
   * @param zones the zone of each bookie; empty for those that name none
   */
  ZoneSpread(Function<BookieId, String> zones) {
    this.zones = zones;
  }

  /**
   * Chooses as many as asked for, or all that there are.
   *
   * @param candidates who may be chosen
   * @param beside who has a copy already; not chosen
   */
  List<BookieId> choose(
      Collection<BookieId> candidates, Collection<BookieId> beside, int count, Random random) {
    Map<String, Integer> copies = new HashMap<>();
    beside.forEach(bookie -> copies.merge(zones.apply(bookie), 1, Integer::sum));
    List<BookieId> left = new ArrayList<>(candidates);
    left.removeAll(beside);
    Collections.shuffle(left, random);
    List<BookieId> chosen = new ArrayList<>(count);
    while (chosen.size() < count && !left.isEmpty()) {
      BookieId next = left.get(0);
      for (BookieId other : left) {
        if (copiesIn(copies, other) < copiesIn(copies, next)) {
          next = other;
        }
      }
      left.remove(next);
      chosen.add(next);
      copies.merge(zones.apply(next), 1, Integer::sum);
    }
    return chosen;
  }

  private int copiesIn(Map<String, Integer> copies, BookieId bookie) {
    return copies.getOrDefault(zones.apply(bookie), 0);
  }

  /**
   * Whether an ensemble has copies in as many zones as it could.
   *
   * @param known the bookies that there are
   */
  boolean isSpread(Collection<BookieId> ensemble, Collection<BookieId> known) {
    return zonesOf(ensemble) >= Math.min(ensemble.size(), zonesOf(known));
  }

  private int zonesOf(Collection<BookieId> bookies) {
    Set<String> found = new HashSet<>();
    bookies.forEach(bookie -> found.add(zones.apply(bookie)));
    return found.size();
  }
}
