package org.tallyring.shardserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.tallyring.shardserver.engine.Batches.session;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class SessionTableTest {

  private static final long START = 1_000_000_000L;
  private static final long IDLE = SessionTable.IDLE_MILLIS;
  private static final long MINUTE = SessionTable.SWEEP_INTERVAL_MILLIS;

  private final SessionTable sessions = new SessionTable();

  private void begin() {
    sessions.sweep(START);
    sessions.advance(session(1), 1, START);
  }

  @Test
  void anUnknownSessionHasNoSequence() {
    assertThat(sessions.lastSequence(session(1))).isEqualTo(-1);
  }

  @Test
  void aSessionIdleForAnHourIsRememberedAndForMoreIsNot() {
    begin();
    sessions.sweep(START + IDLE);
    assertThat(sessions.lastSequence(session(1))).isEqualTo(1);

    sessions.sweep(START + IDLE + MINUTE);
    assertThat(sessions.lastSequence(session(1))).isEqualTo(-1);
  }

  @Test
  void sweepsAreAMinuteApart() {
    begin();
    sessions.sweep(START + IDLE);
    sessions.sweep(START + IDLE + MINUTE - 1);

    assertThat(sessions.sweptAtMillis()).isEqualTo(START + IDLE);
    assertThat(sessions.lastSequence(session(1))).isEqualTo(1);
  }

  @Test
  void aBatchAcceptedBeforeTheSweepIsAppliedAfterIt() {
    begin();
    sessions.sweep(START + IDLE + 1);
    assertThat(sessions.lastSequence(session(1))).isEqualTo(-1);

    sessions.advance(session(1), 2, START + IDLE + 1);
    assertThat(sessions.lastSequence(session(1))).isEqualTo(2);
  }

  @Test
  void aForgottenSessionMayBeginAgain() {
    begin();
    sessions.sweep(START + IDLE + 1);

    sessions.advance(session(1), 1, START + IDLE + 1);
    assertThat(sessions.lastSequence(session(1))).isEqualTo(1);
  }

  @Test
  void theSecondSweepDeletesWhatTheFirstForgot() {
    begin();
    sessions.sweep(START + IDLE + 1);
    assertThat(held(sessions)).hasSize(1);
    sessions.sweep(START + IDLE + 1 + MINUTE);

    assertThat(held(sessions)).isEmpty();
    assertThatIllegalStateException()
        .isThrownBy(() -> sessions.advance(session(1), 2, START + IDLE + 1 + MINUTE));
  }

  @Test
  void aSessionThatIsUsedStays() {
    begin();
    for (int i = 2; i < 10; i++) {
      long now = START + i * (IDLE - MINUTE);
      sessions.sweep(now);
      sessions.advance(session(1), i, now);
    }
    assertThat(sessions.lastSequence(session(1))).isEqualTo(9);
  }

  private static Map<ByteString, Long> held(SessionTable table) {
    Map<ByteString, Long> held = new LinkedHashMap<>();
    table.forEach((id, sequence, appliedAt) -> held.put(id, sequence));
    return held;
  }

  /** A table that takes everything out at once, which nobody can tell from the real one. */
  @Property(tries = 100)
  void whatIsDeletedIsGoneAtOnceAndAViewKeepsWhatWasThere(@ForAll long seed) {
    Random random = new Random(seed);
    SessionTable table = new SessionTable();
    Map<ByteString, long[]> model = new HashMap<>();
    List<SessionTable> views = new ArrayList<>();
    List<Map<ByteString, Long>> expected = new ArrayList<>();
    long sweptAt = 0;
    long now = START;
    for (int i = 0; i < 2_000; i++) {
      now += random.nextInt(50) == 0 ? random.nextInt(3 * (int) IDLE / 2) : random.nextInt(5_000);
      if (now - sweptAt >= MINUTE) {
        long before = sweptAt;
        model.values().removeIf(each -> before - each[1] > IDLE);
        sweptAt = now;
      }
      table.sweep(now);
      ByteString id = session(random.nextInt(400));
      long[] last = model.computeIfAbsent(id, absent -> new long[2]);
      boolean known = last[0] > 0 && sweptAt - last[1] <= IDLE;
      assertThat(table.lastSequence(id)).isEqualTo(known ? last[0] : -1);
      last[0] = known ? last[0] + 1 : 1;
      last[1] = now;
      table.advance(id, last[0], now);
      if (random.nextInt(100) == 0) {
        views.add(table.frozen());
        expected.add(sequences(model));
      }
    }
    views.add(table);
    expected.add(sequences(model));
    for (int i = 0; i < views.size(); i++) {
      assertThat(held(views.get(i))).isEqualTo(expected.get(i));
    }
  }

  private static Map<ByteString, Long> sequences(Map<ByteString, long[]> model) {
    Map<ByteString, Long> sequences = new HashMap<>();
    model.forEach((id, last) -> sequences.put(id, last[0]));
    return sequences;
  }
}
