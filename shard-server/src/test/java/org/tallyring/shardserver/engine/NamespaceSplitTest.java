package org.tallyring.shardserver.engine;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.ToLongFunction;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.internal.v1.NamespaceRestored;
import org.tallyring.proto.internal.v1.SnapshotPiece;
import org.tallyring.proto.v1.EventKind;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.topology.hash.KeyHash;
import org.tallyring.topology.range.RangeTable;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.KeptBuckets;
import org.tallyring.topology.window.WindowLevel;

/** A namespace moves from some ranges to others, under another name, and answers as before. */
class NamespaceSplitTest {

  private static final long UID = 7;
  private static final long NEW_UID = 99;
  private static final String[] METRICS = {"exact", "hits", "morris", "users", "frequent"};
  private static final int KEYS = 40;

  /** All ranges of a cluster. */
  private static final class Ranges {
    final RangeTable table;
    final KeyHash hash;
    final List<RangeEngine> engines = new ArrayList<>();

    Ranges(int count, String namespace) {
      table = new RangeTable(count);
      hash = new KeyHash(namespace);
      for (int range = 0; range < count; range++) {
        engines.add(new RangeEngine(range));
      }
    }

    int rangeOf(String key) {
      return table.rangeOf(hash.hash(Batches.bytes(key)));
    }

    RangeEngine of(String key) {
      return engines.get(rangeOf(key));
    }

    void applyToAll(JournalEntry entry) {
      engines.forEach(engine -> engine.apply(entry));
    }
  }

  private static NamespaceDefinition.Builder definition(long uid, String name) {
    NamespaceDefinition.Builder definition =
        NamespaceDefinition.newBuilder().setUid(uid).setName(name).setRevision(1);
    definition.addMetricsBuilder().setName("exact");
    definition
        .addMetricsBuilder()
        .setName("hits")
        .getSlidingWindowBuilder()
        .setHorizonMillis(600_000);
    definition.addMetricsBuilder().setName("morris").getMorrisBuilder().setBase(1.1);
    definition.addMetricsBuilder().setName("users").getDistinctBuilder();
    definition.addMetricsBuilder().setName("frequent").getHeavyHittersBuilder().setMaxMapSize(8);
    return definition;
  }

  private static String key(int number) {
    return "key-" + number;
  }

  /** Counts at random; returns the true counts of the heavy hitters' keys. */
  private static long[] fill(Ranges source, Random random) {
    source.applyToAll(Batches.definition(definition(UID, "shop")));
    long[] frequent = new long[KEYS];
    long now = Batches.NOON;
    for (int i = 0; i < 150; i++) {
      now += random.nextInt(3) == 0 ? random.nextLong(3 * 3_600_000L) : random.nextInt(20_000);
      int number = (int) Math.sqrt(random.nextInt(KEYS * KEYS));
      String key = key(number);
      String metric = METRICS[random.nextInt(METRICS.length)];
      long delta = metric.equals("exact") ? random.nextInt(9) - 3L : 1 + random.nextInt(5);
      delta = delta == 0 ? 1 : delta;
      long time = now - (random.nextInt(4) == 0 ? random.nextLong(86_400_000L) : 0);
      if (metric.equals("frequent")) {
        frequent[number] += delta;
      }
      Batches batch =
          Batches.batch()
              .namespace(UID, "shop")
              .acceptedAt(now)
              .row(metric, key, "user-" + random.nextInt(99), delta, time);
      if (metric.equals("exact") && random.nextBoolean()) {
        batch.eventId("event-" + i);
      }
      source.of(key).apply(batch.entry());
    }
    return frequent;
  }

  /** What a restore journals, range by range. */
  private static List<List<JournalEntry>> entries(Ranges source, Ranges target, String name) {
    List<List<JournalEntry>> byRange = new ArrayList<>();
    List<List<SnapshotPiece>> pieces = new ArrayList<>();
    for (int range = 0; range < target.engines.size(); range++) {
      pieces.add(new ArrayList<>());
      byRange.add(new ArrayList<>());
    }
    NamespaceSplit split =
        new NamespaceSplit(name, target.table, (range, piece) -> pieces.get(range).add(piece));
    for (int part = 0; part < source.engines.size(); part++) {
      SnapshotCut cut = requireNonNull(source.engines.get(part).cutNamespace(UID, 4096));
      split.begin(part);
      cut.write().forEach(split::add);
    }
    for (int range = 0; range < target.engines.size(); range++) {
      long sequence = 0;
      List<SnapshotPiece> ofRange = pieces.get(range);
      for (int from = 0; from < ofRange.size() || from == 0; from += 3) {
        NamespaceRestored.Builder restored =
            NamespaceRestored.newBuilder()
                .setNamespaceUid(NEW_UID)
                .setSequence(++sequence)
                .setPieces(
                    delimited(
                        ofRange.subList(
                            Math.min(from, ofRange.size()), Math.min(from + 3, ofRange.size()))));
        if (sequence == 1) {
          restored.setDefinition(definition(NEW_UID, name)).setSnapshot("monday");
        }
        byRange.get(range).add(JournalEntry.newBuilder().setNamespaceRestored(restored).build());
      }
    }
    return byRange;
  }

  private static ByteString delimited(List<SnapshotPiece> pieces) {
    ByteString.Output out = ByteString.newOutput();
    try {
      for (SnapshotPiece piece : pieces) {
        piece.writeDelimitedTo(out);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteString();
  }

  @Property(tries = 30)
  void everyKeyAnswersInItsNewRangeAsInItsOld(@ForAll long seed) {
    Random random = new Random(seed);
    Ranges source = new Ranges(1 << random.nextInt(4), "shop");
    Ranges target = new Ranges(1 << random.nextInt(4), "then");
    final long[] frequent = fill(source, random);
    List<List<JournalEntry>> restore = entries(source, target, "then");
    for (int range = 0; range < restore.size(); range++) {
      for (JournalEntry entry : restore.get(range)) {
        target.engines.get(range).apply(entry);
        // A repeat, and a restart in the middle, change nothing.
        if (random.nextInt(4) == 0) {
          target.engines.get(range).apply(entry);
        }
        if (random.nextInt(4) == 0) {
          target.engines.set(
              range, RangeEngine.restore(range, target.engines.get(range).snapshot(8192)));
        }
      }
      assertThat(target.engines.get(range).namespaces()).as("nobody is served yet").isEmpty();
      assertThat(target.engines.get(range).restoredUpTo(NEW_UID))
          .isEqualTo(restore.get(range).size());
    }
    target.applyToAll(Batches.definition(definition(NEW_UID, "then")));

    for (int number = 0; number < KEYS; number++) {
      for (String metric : METRICS) {
        if (metric.equals("frequent")) {
          assertBound(target, key(number), frequent[number]);
        } else {
          assertSameCounts(source, target, metric, key(number), random);
        }
      }
    }
    for (String metric : METRICS) {
      assertThat(sum(target, engine -> engine.lateIncrements(NEW_UID, metric)))
          .isEqualTo(sum(source, engine -> engine.lateIncrements(UID, metric)));
      assertThat(sum(target, engine -> engine.stats(NEW_UID, metric).hits()))
          .isEqualTo(sum(source, engine -> engine.stats(UID, metric).hits()));
      Interval all = Interval.window(WindowLevel.ALL, 0);
      assertThat(sum(target, engine -> engine.revision(NEW_UID, metric, all)))
          .isEqualTo(sum(source, engine -> engine.revision(UID, metric, all)));
    }
    assertThat(sum(target, engine -> engine.keys(NEW_UID)))
        .isEqualTo(sum(source, engine -> engine.keys(UID)));
  }

  private static long sum(Ranges ranges, ToLongFunction<RangeEngine> question) {
    return ranges.engines.stream().mapToLong(question).sum();
  }

  private static void assertSameCounts(
      Ranges source, Ranges target, String metric, String key, Random random) {
    RangeEngine before = source.of(key);
    RangeEngine after = target.of(key);
    byte[] bytes = Batches.bytes(key);
    for (int i = 0; i < 12; i++) {
      long time = Batches.NOON - 90_000_000 + random.nextLong(400_000_000);
      for (WindowLevel level : WindowLevel.values()) {
        if (level.isWindow() || level == WindowLevel.ALL) {
          Interval window = Interval.window(level, level.start(time));
          KeptBuckets kept = after.kept(NEW_UID, metric, window);
          if (kept.keeps(window)) {
            assertThat(after.count(NEW_UID, metric, window, bytes))
                .as("%s %s %s", metric, key, window)
                .isEqualTo(before.count(UID, metric, window, bytes));
          }
        }
      }
    }
  }

  private static void assertBound(Ranges target, String key, long truth) {
    Interval all = Interval.window(WindowLevel.ALL, 0);
    RangeEngine engine = target.of(key);
    long count = engine.count(NEW_UID, "frequent", all, Batches.bytes(key));
    long error = engine.quality(NEW_UID, "frequent", all).maxError();
    if (count == 0) {
      assertThat(truth).isLessThanOrEqualTo(error);
    } else {
      assertThat(truth).isBetween(count - error, count);
    }
  }

  @Property(tries = 20)
  void anEventIdIsKnownInItsNewRange(@ForAll long seed) {
    Ranges source = new Ranges(4, "shop");
    Ranges target = new Ranges(8, "then");
    JournalEntry event =
        Batches.batch()
            .namespace(UID, "shop")
            .row("exact", "a", 3, Batches.NOON)
            .eventId("x")
            .entry();
    source.applyToAll(Batches.definition(definition(UID, "shop")));
    source.of("a").apply(event);
    applyAll(entries(source, target, "then"), target);
    target.applyToAll(Batches.definition(definition(NEW_UID, "then")));

    target
        .of("a")
        .apply(
            Batches.batch()
                .namespace(NEW_UID, "then")
                .row("exact", "a", 3, Batches.NOON)
                .eventId("x")
                .entry());

    assertThat(target.of("a").duplicateRows(0)).containsExactly(0);
  }

  private static void applyAll(List<List<JournalEntry>> entries, Ranges target) {
    for (int range = 0; range < entries.size(); range++) {
      entries.get(range).forEach(target.engines.get(range)::apply);
    }
  }

  @Test
  void aReplacedNamespaceIsGoneFromTheSwitchOnAndTheEventSaysSo() {
    Ranges ranges = new Ranges(2, "shop");
    fill(ranges, new Random(1));
    List<List<JournalEntry>> restore = entries(ranges, ranges, "shop");
    byte[] key = Batches.bytes(key(39));
    Interval all = Interval.window(WindowLevel.ALL, 0);
    RangeEngine engine = ranges.of(key(39));
    final long then = engine.count(UID, "exact", all, key);
    engine.apply(
        Batches.batch().namespace(UID, "shop").row("exact", key(39), 50, Batches.NOON).entry());

    applyAll(restore, ranges);
    assertThat(engine.count(UID, "exact", all, key)).as("not served yet").isEqualTo(then + 50);
    ranges.applyToAll(
        Batches.definition(definition(NEW_UID, "shop").setRevision(2).setReplacesUid(UID)));

    assertThat(engine.count(NEW_UID, "exact", all, key)).isEqualTo(then);
    assertThat(engine.count(UID, "exact", all, key))
        .as("asked for by who does not know yet")
        .isEqualTo(then);
    assertThat(engine.namespaces()).containsOnlyKeys(NEW_UID);
    assertThat(
            engine
                .events(
                    new EventQuery(
                        0, 0, "", Set.of(EventKind.EVENT_KIND_SNAPSHOT_RESTORED), 0, 9999))
                .events())
        .singleElement()
        .satisfies(
            event -> assertThat(event.getSnapshotRestored().getSnapshot()).isEqualTo("monday"));
  }

  @Test
  void aNewerDefinitionOfTheNameMakesARestoreVoid() {
    Ranges source = new Ranges(1, "shop");
    fill(source, new Random(2));
    RangeEngine target = new RangeEngine(0);
    List<JournalEntry> restore = entries(source, new Ranges(1, "then"), "then").get(0);
    restore.forEach(target::apply);

    target.apply(Batches.definition(definition(55, "then")));

    assertThat(target.restoredUpTo(NEW_UID)).isZero();
    assertThat(target.namespaces()).containsOnlyKeys(55L);
  }

  @Test
  void aPieceThatCannotBeAppliedDropsTheRestoreAndNothingElse() {
    Ranges source = new Ranges(1, "shop");
    fill(source, new Random(3));
    RangeEngine target = new RangeEngine(0);
    List<JournalEntry> restore = entries(source, new Ranges(1, "then"), "then").get(0);
    target.apply(restore.get(0));
    JournalEntry.Builder damaged = restore.get(1).toBuilder();
    damaged.getNamespaceRestoredBuilder().setPieces(ByteString.copyFromUtf8("no piece"));

    target.apply(damaged.build());
    restore.subList(2, restore.size()).forEach(target::apply);

    assertThat(target.restoredUpTo(NEW_UID)).isZero();
    assertThat(target.namespaces()).isEmpty();
    target.apply(Batches.batch().row("a", 1).entry());
    assertThat(target.increments()).isEqualTo(1);
  }

  @Test
  void refusesCountsOfKeysThatThereAreNot() {
    NamespaceSplit split = new NamespaceSplit("then", new RangeTable(4), (range, piece) -> {});
    Ranges source = new Ranges(1, "shop");
    fill(source, new Random(4));
    List<SnapshotPiece> pieces = new ArrayList<>();
    requireNonNull(source.engines.get(0).cutNamespace(UID, 1 << 20))
        .write()
        .forEach(chunk -> SnapshotPieces.read(chunk, pieces::add));
    pieces.removeIf(SnapshotPiece::hasKeys);
    split.begin(0);

    assertThatThrownBy(() -> split.add(delimited(pieces).toByteArray()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("unknown key");
  }
}
