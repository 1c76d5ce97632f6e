package org.tallyring.shardserver.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.tallyring.shardserver.engine.EventIdTable.Verdict;

/** The table against a map that forgets nothing and compares times. jqwik reports the seeds. */
class EventIdTableTest {

  private static final long HOUR = 3_600_000;
  private static final long TICK = EventIdTable.TICK_MILLIS;

  private record Event(EventId id, int slot) {}

  private record Seen(long payload, int tick) {}

  /** What the table should do, in a map, without a thought for memory. */
  private static final class Oracle {
    final Map<Event, Seen> seen = new HashMap<>();
    int forgottenBefore;

    void advance(long nowMillis, long horizonMillis) {
      int horizonTicks = (int) -Math.floorDiv(-horizonMillis, TICK);
      forgottenBefore = Math.max(forgottenBefore, (int) (nowMillis / TICK) - horizonTicks);
    }

    Verdict verdict(Event event, long payload) {
      Seen last = seen.get(event);
      if (last == null || last.tick < forgottenBefore) {
        return Verdict.NEW;
      }
      return last.payload == payload ? Verdict.REPEAT : Verdict.CONTRADICTION;
    }
  }

  @Property(tries = 60)
  void everyVerdictEqualsTheMapsWhateverIsSweptAndRestored(@ForAll long seed) {
    Random random = new Random(seed);
    Oracle oracle = new Oracle();
    EventIdTable table = new EventIdTable();
    int ids = random.nextBoolean() ? 50 : 20_000;
    long horizon = 60_000L << random.nextInt(10);
    long now = Batches.NOON;
    for (int batch = 0; batch < 60; batch++) {
      now += random.nextInt(6) == 0 ? horizon : random.nextInt(1 + (int) (horizon / 20));
      if (random.nextInt(20) == 0) {
        // A namespace's horizon may become longer: what was forgotten stays forgotten.
        horizon = 60_000L << random.nextInt(10);
      }
      int rows = random.nextInt(400);
      table.advance(now, horizon, rows);
      oracle.advance(now, horizon);
      for (int row = 0; row < rows; row++) {
        Event event = event(random, ids);
        long payload = random.nextInt(8) == 0 ? 2 : 1;
        Verdict expected = oracle.verdict(event, payload);
        assertThat(table.verdict(event.id, event.slot, payload, table.forgottenBefore()))
            .isEqualTo(expected);
        int tick = EventIdTable.tickOf(now);
        assertThat(table.add(event.id, event.slot, payload, tick))
            .isEqualTo(expected != Verdict.REPEAT);
        if (expected != Verdict.REPEAT) {
          oracle.seen.put(event, new Seen(payload, tick));
        }
      }
      if (random.nextInt(10) == 0) {
        EventIdTable restored = copy(table);
        assertThat(contents(restored)).isEqualTo(contents(table));
        table = restored;
      }
    }
    Map<Event, Seen> known = new HashMap<>(oracle.seen);
    known.values().removeIf(seen -> seen.tick < oracle.forgottenBefore);
    Map<Event, Seen> held = new HashMap<>();
    table.forEach(
        (id, slot, payload, tick) -> held.put(new Event(id, slot), new Seen(payload, tick)));
    assertThat(held).isEqualTo(known);
  }

  /** Few different bytes, of all lengths, so that ids differ in padding and keys alone. */
  private static Event event(Random random, int ids) {
    int number = random.nextInt(ids);
    Random own = new Random(number);
    byte[] bytes = new byte[1 + own.nextInt(EventId.MAX_LENGTH)];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (own.nextInt(3) - 1);
    }
    return new Event(EventId.of(ByteBuffer.wrap(bytes), 0, bytes.length), random.nextInt(3));
  }

  private static EventIdTable copy(EventIdTable table) {
    EventIdTable copy = new EventIdTable();
    copy.restoreForgottenBefore(table.forgottenBefore());
    table.forEach(
        (id, slot, payload, tick) -> assertThat(copy.restore(id, slot, payload, tick)).isTrue());
    return copy;
  }

  private static List<String> contents(EventIdTable table) {
    List<String> contents = new ArrayList<>();
    table.forEach(
        (id, slot, payload, tick) -> contents.add(id + "/" + slot + "/" + payload + "/" + tick));
    return contents;
  }

  @Property(tries = 60)
  void theOrderOfTheContentsDependsOnThemAlone(@ForAll long seed) {
    Random random = new Random(seed);
    List<Event> events = new ArrayList<>();
    for (int i = 0; i < 3_000; i++) {
      events.add(event(random, 1_000));
    }
    EventIdTable forwards = new EventIdTable();
    events.forEach(event -> forwards.add(event.id, event.slot, 1, 5));
    EventIdTable backwards = new EventIdTable();
    for (int i = 0; i < 40_000; i++) {
      // Forgotten soon: it leaves a larger table with the others in other places.
      backwards.add(event(random, 40_000).id, 9, 1, 1);
    }
    backwards.restoreForgottenBefore(2);
    for (int i = events.size() - 1; i >= 0; i--) {
      backwards.add(events.get(i).id, events.get(i).slot, 1, 5);
    }
    assertThat(contents(backwards)).isEqualTo(contents(forwards));
  }

  @Test
  void anIdIsKnownForAtLeastTheHorizonAndAtMostTwoTicksMore() {
    for (long offset = 0; offset < 2 * TICK; offset += 500) {
      for (long horizon : new long[] {60_000, HOUR, 48 * HOUR}) {
        EventIdTable table = new EventIdTable();
        long accepted = Batches.NOON + offset;
        EventId id = new EventId(1, 2, 16);
        table.advance(accepted, horizon, 1);
        table.add(id, 0, 7, EventIdTable.tickOf(accepted));
        assertThat(table.verdict(id, 0, 7, table.forgottenBefore(accepted + horizon, horizon)))
            .isEqualTo(Verdict.REPEAT);
        assertThat(
                table.verdict(
                    id, 0, 7, table.forgottenBefore(accepted + horizon + 2 * TICK, horizon)))
            .isEqualTo(Verdict.NEW);
      }
    }
  }

  @Test
  void aLongerHorizonBringsNothingBack() {
    EventIdTable table = new EventIdTable();
    EventId id = new EventId(1, 2, 16);
    table.advance(Batches.NOON, 60_000, 1);
    table.add(id, 0, 7, EventIdTable.tickOf(Batches.NOON));
    table.advance(Batches.NOON + HOUR, 60_000, 0);
    table.advance(Batches.NOON + HOUR, 48 * HOUR, 0);
    assertThat(table.verdict(id, 0, 7, table.forgottenBefore())).isEqualTo(Verdict.NEW);
    assertThat(table.add(id, 0, 7, EventIdTable.tickOf(Batches.NOON + HOUR))).isTrue();
  }

  @Test
  void sweepingKeepsTheTableInProportionToWhatIsKnown() {
    EventIdTable table = new EventIdTable();
    Random random = new Random(1);
    long most = 0;
    for (int batch = 0; batch < 4_000; batch++) {
      long now = Batches.NOON + batch * TICK;
      table.advance(now, 60_000, 100);
      for (int row = 0; row < 100; row++) {
        table.add(
            new EventId(random.nextLong(), random.nextLong(), 16),
            row,
            1,
            EventIdTable.tickOf(now));
      }
      most = Math.max(most, table.size());
    }
    // 8 or 9 ticks of 100 are known at a time.
    assertThat(most).isLessThan(2_500);
    for (int batch = 0; batch < 100; batch++) {
      table.advance(Batches.NOON + 4_100 * TICK, 60_000, 0);
    }
    assertThat(table.size()).isZero();
  }

  @Test
  void idsThatDifferInTrailingZerosAreDifferent() {
    EventIdTable table = new EventIdTable();
    for (int length = 1; length <= EventId.MAX_LENGTH; length++) {
      EventId id = EventId.of(ByteBuffer.wrap(new byte[length]), 0, length);
      assertThat(table.add(id, 0, 1, 1)).isTrue();
      assertThat(table.add(id, 0, 1, 1)).isFalse();
    }
    assertThat(table.size()).isEqualTo(EventId.MAX_LENGTH);
  }

  @Test
  void anIdIsReadAndWrittenUnchanged() {
    Random random = new Random(1);
    for (int length = 1; length <= EventId.MAX_LENGTH; length++) {
      byte[] bytes = new byte[length + 6];
      random.nextBytes(bytes);
      assertThat(EventId.of(ByteBuffer.wrap(bytes), 3, length).bytes())
          .isEqualTo(ByteString.copyFrom(Arrays.copyOfRange(bytes, 3, 3 + length)));
    }
  }
}
