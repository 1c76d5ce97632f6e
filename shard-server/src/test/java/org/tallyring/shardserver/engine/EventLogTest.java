package org.tallyring.shardserver.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.proto.v1.Event;
import org.tallyring.proto.v1.EventKind;
import org.tallyring.proto.v1.ThresholdRule;
import org.tallyring.proto.v1.Window;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

class EventLogTest {

  private static final int RANGE = 3;
  private static final int KEPT = 4096;
  private static final ThresholdRule RULE =
      ThresholdRule.newBuilder()
          .setName("busy")
          .setMetric("clicks")
          .setWindow(Window.WINDOW_ALL)
          .setLimit(10)
          .build();
  private static final Set<EventKind> ALL = EnumSet.allOf(EventKind.class);
  private static final Set<EventKind> THRESHOLDS =
      EnumSet.of(EventKind.EVENT_KIND_THRESHOLD_EXCEEDED);

  private final EventLog log = new EventLog(RANGE);

  private static EventQuery query(long after, Set<EventKind> kinds, int limit) {
    return new EventQuery(after, 0, "", kinds, 0, limit);
  }

  private void threshold() {
    log.thresholdExceeded(
        "shop", RULE, Batches.bytes("a"), Interval.window(WindowLevel.ALL, 0), 10, 1);
  }

  private void others(int count) {
    for (int i = 0; i < count; i++) {
      log.metricsUpdated("shop", i);
    }
  }

  private void take(AcceptedBatch batch, long firstNumber, BitSet duplicates) {
    log.hits().take(batch, Batches.columns(batch), firstNumber, 5, duplicates);
  }

  @Test
  void eventsAreNumberedFromOneAndReadInOrder() {
    log.journalTime(77);
    log.pruned("shop", "clicks", 5);
    log.strategySwapped("shop", "clicks", "FIXED_WINDOW", "MORRIS");
    log.strategyReset("shop", "views", "DISTINCT");
    threshold();

    EventPage page = log.read(query(0, ALL, 100));

    assertThat(page.events()).extracting(Event::getNumber).containsExactly(1L, 2L, 3L, 4L);
    assertThat(page.events())
        .allSatisfy(event -> assertThat(event.getRangeId()).isEqualTo(RANGE))
        .allSatisfy(event -> assertThat(event.getJournalTimeMillis()).isEqualTo(77));
    assertThat(page.events().get(0).getPruned().getEntries()).isEqualTo(5);
    assertThat(page.events().get(1).getStrategySwapped().getTo()).isEqualTo("MORRIS");
    assertThat(page.events().get(2).getStrategyReset().getStrategy()).isEqualTo("DISTINCT");
    assertThat(page.number()).isEqualTo(4);
    assertThat(page.more()).isFalse();
    assertThat(page.missed()).isZero();
    assertThat(log.read(query(4, ALL, 100)).events()).isEmpty();
    assertThat(log.read(query(EventQuery.NEWEST, ALL, 100)).number()).isEqualTo(4);
  }

  @Test
  void aWatcherGetsOnlyWhatItWants() {
    log.metricsUpdated("shop", 1);
    log.metricsUpdated("news", 1);
    threshold();

    assertThat(log.read(new EventQuery(0, 0, "news", ALL, 0, 100)).events())
        .extracting(Event::getNumber)
        .containsExactly(2L);
    EventPage thresholds = log.read(query(0, THRESHOLDS, 100));
    assertThat(thresholds.events()).extracting(Event::getNumber).containsExactly(3L);
    assertThat(thresholds.number()).isEqualTo(3);
  }

  @Test
  void theOldestEventsGoAndAreCountedAsMissed() {
    others(KEPT + 10);

    EventPage page = log.read(query(3, ALL, KEPT + 10));

    assertThat(page.missed()).isEqualTo(7);
    assertThat(page.events()).hasSize(KEPT);
    assertThat(page.events().get(0).getNumber()).isEqualTo(11);
    assertThat(log.read(query(10, ALL, 1)).missed()).isZero();
  }

  @Test
  void aFloodOfOthersDoesNotPushThresholdEventsOut() {
    threshold();
    others(3 * KEPT);

    EventPage page = log.read(query(0, THRESHOLDS, 10));

    assertThat(page.events()).extracting(Event::getNumber).containsExactly(1L);
    assertThat(page.missed()).as("nothing of the kind it wants is missing").isZero();
    assertThat(log.read(query(0, ALL, KEPT + 1)).missed()).isEqualTo(2 * KEPT);
  }

  @Test
  void bytesAreBoundedToo() {
    String longName = "n".repeat(2_000);
    for (int i = 0; i < 1_000; i++) {
      log.metricsUpdated(longName, i);
    }

    int kept = log.read(query(0, ALL, 1_000)).events().size();

    assertThat(kept).isBetween(500, 524);
  }

  @Property(tries = 50)
  void whatIsReadPageByPageAndWhatIsMissedAddUpToAll(@ForAll long seed) {
    Random random = new Random(seed);
    EventLog mixed = new EventLog(RANGE);
    int count = 1 + random.nextInt(3 * KEPT);
    for (int i = 0; i < count; i++) {
      if (random.nextInt(4) == 0) {
        mixed.thresholdExceeded(
            "shop", RULE, Batches.bytes("a"), Interval.window(WindowLevel.ALL, 0), 10, 1);
      } else {
        mixed.metricsUpdated("shop", i);
      }
    }
    long from = random.nextInt(count + 1);
    EventQuery query = query(from, ALL, 1 + random.nextInt(300));
    long missed = 0;
    List<Long> numbers = new ArrayList<>();
    EventPage page;
    do {
      page = mixed.read(query);
      missed += page.missed();
      page.events().forEach(event -> numbers.add(event.getNumber()));
      query = query.after(page.number(), page.hit());
    } while (page.more());

    assertThat(page.number()).isEqualTo(count);
    assertThat(numbers).isSorted().doesNotHaveDuplicates();
    assertThat(numbers.size() + missed).isEqualTo(count - from);
  }

  @Test
  void hitsAreTakenOnlyWhileSomebodyWantsThemAndTheRateHolds() {
    Batches rows = Batches.batch();
    for (int i = 0; i < 1_000; i++) {
      rows.row("views", "k" + i, 2, Batches.NOON + i);
    }
    AcceptedBatch batch = rows.accepted();
    take(batch, 1, new BitSet());
    assertThat(log.hits().taken()).isZero();

    log.hits().rate(0.5);
    take(batch, 1, new BitSet());
    Set<Long> half = numbers(0.5);
    Set<Long> tenth = numbers(0.1);

    assertThat(half).hasSizeBetween(430, 570);
    assertThat(tenth).hasSizeBetween(60, 140);
    assertThat(half).as("a lower rate is a part of a higher one").containsAll(tenth);
    Event hit = log.read(new EventQuery(0, 0, "", ALL, 0.5, 1)).events().get(0);
    long row = hit.getNumber() - 1;
    assertThat(hit.getKey().toStringUtf8()).isEqualTo("k" + row);
    assertThat(hit.getMetric()).isEqualTo("views");
    assertThat(hit.getHitRecorded().getDelta()).isEqualTo(2);
    assertThat(hit.getHitRecorded().getEventTimeMillis()).isEqualTo(Batches.NOON + row);
  }

  private Set<Long> numbers(double rate) {
    Set<Long> numbers = new HashSet<>();
    log.read(new EventQuery(0, 0, "", ALL, rate, 10_000))
        .events()
        .forEach(event -> numbers.add(event.getNumber()));
    return numbers;
  }

  @Test
  void aRowThatDoesNotCountIsNoHitAndHasNoNumber() {
    log.hits().rate(1);
    BitSet duplicates = new BitSet();
    duplicates.set(1);
    take(Batches.batch().row("a", 1).row("b", 1).row("c", 1).accepted(), 8, duplicates);

    List<Event> hits = log.read(new EventQuery(0, 0, "", ALL, 1, 10)).events();

    assertThat(hits).extracting(hit -> hit.getKey().toStringUtf8()).containsExactly("a", "c");
    assertThat(hits).extracting(Event::getNumber).containsExactly(8L, 9L);
  }

  @Test
  void hitsThatNobodyTookInTimeAreCountedAsMissed() {
    log.hits().rate(1);
    Batches rows = Batches.batch();
    for (int i = 0; i < 1_500; i++) {
      rows.row("k", 1);
    }
    take(rows.accepted(), 1, new BitSet());

    EventPage page = log.read(new EventQuery(0, 0, "", ALL, 1, 10_000));

    assertThat(page.missedHits()).isEqualTo(1_500 - 1_024);
    assertThat(page.events()).hasSize(1_024);
    assertThat(page.missed()).isZero();
  }
}
