package org.tallyring.systemtests.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tallyring.client.TopK;
import org.tallyring.topology.window.WindowLevel;

/** The oracle finds what it is there for, in a cluster that is a map. */
final class OracleTest {

  private static final long NOON = Instant.parse("2026-03-04T12:00:00Z").toEpochMilli();
  private static final long MORNING = Instant.parse("2026-03-04T08:30:00Z").toEpochMilli();

  @TempDir private Path directory;

  @SuppressWarnings("NullAway.Init")
  private SentJournal journal;

  private final FakeCounts cluster = new FakeCounts();

  @BeforeEach
  void openJournal() {
    journal = new SentJournal(directory.resolve("sent.tsv"));
  }

  @AfterEach
  void closeJournal() {
    journal.close();
  }

  private Sent send(long id, String key, long delta, long time) {
    Sent sent = new Sent(id, "clicks", key, delta, time);
    journal.sending(sent);
    return sent;
  }

  private void sendAndCount(long id, String key, long delta, long time) {
    cluster.count(send(id, key, delta, time));
    journal.counted(id);
  }

  private Verdict compare() {
    return Oracle.compare(journal, cluster);
  }

  @Test
  void nothingIsWrongWhenEverythingCountsOnce() {
    sendAndCount(1, "lamp", 2, NOON);
    sendAndCount(2, "lamp", 1, MORNING);
    sendAndCount(3, "desk", 3, NOON);

    assertThat(compare()).isEqualTo(new Verdict(3, 0, 0, 0, 0, List.of()));
  }

  @Test
  void anAcknowledgedIncrementThatDoesNotCountIsLost() {
    sendAndCount(1, "lamp", 2, NOON);
    send(2, "lamp", 5, NOON);
    journal.counted(2);

    Verdict verdict = compare();

    assertThat(verdict.lost()).isEqualTo(5);
    assertThat(verdict.doubled()).isZero();
    assertThat(verdict.differences()).contains("clicks, all: lamp: 2 (expected: 7)");
  }

  @Test
  void anIncrementThatCountsTwiceIsDoubled() {
    sendAndCount(1, "lamp", 2, NOON);
    cluster.count(new Sent(1, "clicks", "lamp", 2, NOON));

    Verdict verdict = compare();

    assertThat(verdict.doubled()).isEqualTo(2);
    assertThat(verdict.lost()).isZero();
    assertThat(verdict.differences()).contains("clicks, all: lamp: 4 (expected: 2)");
  }

  @Test
  void aLossOfOneKeyIsNotMadeUpForByAnother() {
    send(1, "lamp", 1, NOON);
    journal.counted(1);
    sendAndCount(2, "desk", 1, NOON);
    cluster.count(new Sent(2, "clicks", "desk", 1, NOON));

    Verdict verdict = compare();

    assertThat(verdict.lost()).isEqualTo(1);
    assertThat(verdict.doubled()).isEqualTo(1);
  }

  @Test
  void anIncrementInTheWrongHourIsFoundThoughTheTotalIsRight() {
    send(1, "lamp", 1, NOON);
    journal.counted(1);
    cluster.count(new Sent(1, "clicks", "lamp", 1, MORNING));

    Verdict verdict = compare();

    assertThat(verdict.lost()).isEqualTo(1);
    assertThat(verdict.differences())
        .contains("clicks, HOUR 2026-03-04T12:00:00Z: lamp: 0 (expected: 1)");
  }

  @Test
  void anIncrementInDoubtMayCountOrNotButOnlyOnce() {
    Sent doubtful = send(1, "lamp", 2, NOON);
    journal.inDoubt(1, "deadline");

    assertThat(compare()).isEqualTo(new Verdict(1, 1, 0, 0, 0, List.of()));
    cluster.count(doubtful);
    assertThat(compare()).isEqualTo(new Verdict(1, 1, 0, 0, 0, List.of()));
    cluster.count(doubtful);
    assertThat(compare().doubled()).isEqualTo(2);
  }

  @Test
  void anIncrementWithoutAnyAnswerIsInDoubt() {
    send(1, "lamp", 2, NOON);

    assertThat(compare().inDoubt()).isEqualTo(1);
  }

  @Test
  void aRefusedIncrementMustNotCount() {
    Sent sent = send(1, "lamp", 2, NOON);
    journal.refused(1, "BAD_KEY");

    assertThat(compare()).isEqualTo(new Verdict(1, 0, 1, 0, 0, List.of()));
    cluster.count(sent);
    assertThat(compare().doubled()).isEqualTo(2);
  }

  @Test
  void oneAcknowledgementIsEnoughForAnIncrementThatIsSentTwice() {
    send(1, "lamp", 2, NOON);
    journal.inDoubt(1, "deadline");
    journal.counted(1);

    Verdict verdict = compare();

    assertThat(verdict.inDoubt()).isZero();
    assertThat(verdict.lost()).isEqualTo(2);
  }

  @Test
  void aRankingThatContradictsTheCountsIsFound() {
    sendAndCount(1, "lamp", 2, NOON);
    sendAndCount(2, "desk", 2, NOON);
    CountSource wrongOrder =
        new CountSource() {
          @Override
          public Map<String, Long> counts(String metric, List<String> keys, Slice slice) {
            return cluster.counts(metric, keys, slice);
          }

          @Override
          public List<TopK.Item> top(String metric, Slice slice, int k) {
            return slice.level() == WindowLevel.DAY
                ? List.of(new TopK.Item(1, "lamp", 2), new TopK.Item(2, "desk", 2))
                : cluster.top(metric, slice, k);
          }
        };

    Verdict verdict = Oracle.compare(journal, wrongOrder);

    assertThat(verdict.differences())
        .singleElement()
        .asString()
        .startsWith("clicks, DAY 2026-03-04T00:00:00Z: row 1 is");
  }

  @Test
  void aKeyThatNobodySentIsFoundInTheRanking() {
    sendAndCount(1, "lamp", 2, NOON);
    cluster.add("clicks", new Slice(WindowLevel.ALL, 0), "ghost", 1);

    assertThat(compare().differences()).singleElement().asString().contains("ghost");
  }
}
