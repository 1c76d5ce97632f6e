package org.tallyring.shardserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.tallyring.shardserver.engine.Batches.session;

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
    assertThat(sessions.size()).isEqualTo(1);
    sessions.sweep(START + IDLE + 1 + MINUTE);

    assertThat(sessions.size()).isZero();
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
}
