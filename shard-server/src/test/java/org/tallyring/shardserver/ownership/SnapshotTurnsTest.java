package org.tallyring.shardserver.ownership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.tallyring.shardserver.engine.RangeEngine;
import org.tallyring.shardserver.engine.SnapshotCut;

/** Turns of writers that take as long as the test says. */
final class SnapshotTurnsTest {

  private final ManualExecutor writer = new ManualExecutor();
  private long nanos = Long.MAX_VALUE - 1000;
  private long writing;
  private final SnapshotTurns turns = new SnapshotTurns(writer, this::time);

  /** Each look at the clock is so much later. */
  private long time() {
    long now = nanos;
    nanos += writing;
    return now;
  }

  private static SnapshotCut cut() {
    return new RangeEngine(0).cut(1 << 20);
  }

  private void writeFor(long millis) {
    assertThat(turns.take()).isTrue();
    turns.write(SnapshotTurnsTest::cut);
    writing = TimeUnit.MILLISECONDS.toNanos(millis);
    writer.runAll();
    // The clock was looked at twice: at the beginning and at the end.
    nanos -= writing;
    writing = 0;
  }

  private void pass(long millis) {
    nanos += TimeUnit.MILLISECONDS.toNanos(millis);
  }

  @Test
  void oneWritesAtATime() {
    assertThat(turns.take()).isTrue();
    assertThat(turns.take()).isFalse();
    turns.write(SnapshotTurnsTest::cut);
    assertThat(turns.take()).as("not written yet").isFalse();
    writer.runAll();
    assertThat(turns.take()).isTrue();
  }

  @Test
  void theRestIsTwentyTimesAsLongAsTheWriting() {
    writeFor(40);
    pass(799);
    assertThat(turns.take()).isFalse();
    pass(1);
    assertThat(turns.take()).isTrue();
  }

  @Test
  void theRestIsASecondAtMost() {
    writeFor(5_000);
    pass(999);
    assertThat(turns.take()).isFalse();
    pass(1);
    assertThat(turns.take()).isTrue();
  }

  @Test
  void whatCannotBeCutEndsItsTurn() {
    assertThat(turns.take()).isTrue();
    assertThatThrownBy(
            () ->
                turns.write(
                    () -> {
                      throw new IllegalStateException("planted");
                    }))
        .hasMessage("planted");
    assertThat(turns.take()).isTrue();
  }
}
