package org.tallyring.shardserver.journal;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.apache.bookkeeper.client.BKException;
import org.apache.bookkeeper.client.api.WriteHandle;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Order across segments, on ledgers that answer when they are told to. */
final class AppendQueueTest {

  private static final Quorum QUORUM = new Quorum(2, 2, 2);

  private record Sent(ByteBuf entry, CompletableFuture<Long> answer) {}

  /**
   * A ledger whose appends stay unanswered until {@link #answer}, and which has the entries then.
   */
  private static final class Ledger {

    private final Queue<Sent> unanswered = new ArrayDeque<>();
    private long sent;
    private long answered;

    WriteHandle handle() {
      return (WriteHandle)
          Proxy.newProxyInstance(
              Ledger.class.getClassLoader(),
              new Class<?>[] {WriteHandle.class},
              (proxy, method, arguments) -> {
                if (!method.getName().equals("appendAsync")) {
                  throw new UnsupportedOperationException(method.getName());
                }
                sent++;
                CompletableFuture<Long> append = new CompletableFuture<>();
                unanswered.add(new Sent((ByteBuf) arguments[0], append));
                return append;
              });
    }

    void answer() {
      Sent first = unanswered.poll();
      if (first != null) {
        first.entry().release();
        first.answer().complete(++answered);
      }
    }

    void fail() {
      while (!unanswered.isEmpty()) {
        Sent next = unanswered.remove();
        next.entry().release();
        next.answer()
            .completeExceptionally(BKException.create(BKException.Code.LedgerFencedException));
      }
    }
  }

  private final Ledger first = new Ledger();
  private final Ledger second = new Ledger();
  private final List<Throwable> losses = new ArrayList<>();
  private final AppendQueue queue =
      new AppendQueue(new Segment(1, first.handle(), QUORUM), losses::add);

  private final List<ByteBuf> entries = new ArrayList<>();

  private ByteBuf entry() {
    ByteBuf entry = Unpooled.wrappedBuffer(new byte[1]);
    entries.add(entry);
    return entry;
  }

  /** Memory that is released twice, or never, is the ruin of a process that runs for long. */
  @AfterEach
  void everyEntryWasReleasedOnce() {
    assertThat(entries).extracting(ByteBuf::refCnt).containsOnly(0);
  }

  @Test
  void nothingIsSentToTheNextSegmentBeforeTheLastAnswerOfTheOld() {
    CompletableFuture<Position> one = queue.append(entry());
    List<String> events = new ArrayList<>();
    assertThat(queue.switchTo(new Segment(2, second.handle(), QUORUM), () -> events.add("then")))
        .isTrue();
    CompletableFuture<Position> two = queue.append(entry());

    assertThat(second.sent).isZero();
    assertThat(events).isEmpty();
    first.answer();
    assertThat(one).isCompletedWithValue(new Position(1, 1));
    assertThat(events).containsExactly("then");
    assertThat(second.sent).isEqualTo(1);
    second.answer();
    assertThat(two).isCompletedWithValue(new Position(2, 1));
    assertThat(queue.state()).isEqualTo(JournalState.OPEN);
  }

  @Test
  void aFailureBeforeTheSwitchSendsNothingToTheNextSegment() {
    CompletableFuture<Position> one = queue.append(entry());
    queue.switchTo(new Segment(2, second.handle(), QUORUM), () -> {});
    CompletableFuture<Position> two = queue.append(entry());
    first.fail();
    CompletableFuture<Position> three = queue.append(entry());

    assertThat(List.of(one, two, three)).allMatch(CompletableFuture::isCompletedExceptionally);
    assertThat(second.sent).isZero();
    assertThat(losses).hasSize(1);
    assertThat(queue.state()).isEqualTo(JournalState.LOST);
  }

  @Test
  void aLossFailsWhatIsInFlightEvenIfItIsAnsweredLater() {
    CompletableFuture<Position> one = queue.append(entry());
    queue.lose(new JournalLostException("taken"));
    CompletableFuture<Position> two = queue.append(entry());
    assertThat(two).as("waits for the one before").isNotDone();
    first.answer();

    assertThat(one).isCompletedExceptionally();
    assertThat(two).isCompletedExceptionally();
  }

  @Test
  void drainingWaitsForWhatQueuedDuringASwitch() {
    queue.append(entry());
    queue.switchTo(new Segment(2, second.handle(), QUORUM), () -> {});
    CompletableFuture<Position> two = queue.append(entry());
    CompletableFuture<Void> drained = queue.drain();
    CompletableFuture<Position> late = queue.append(entry());

    assertThat(late).isCompletedExceptionally();
    first.answer();
    assertThat(drained).isNotDone();
    second.answer();
    assertThat(two).isCompletedWithValue(new Position(2, 1));
    assertThat(drained).isDone();
    assertThat(queue.state()).isEqualTo(JournalState.CLOSING);
    assertThat(queue.switchTo(new Segment(3, first.handle(), QUORUM), () -> {})).isFalse();
    queue.closed();
    assertThat(queue.state()).isEqualTo(JournalState.CLOSED);
  }

  @Test
  void drainingALostJournalEnds() {
    queue.append(entry());
    CompletableFuture<Void> drained = queue.drain();
    first.fail();

    assertThat(drained).isDone();
    assertThat(queue.state()).isEqualTo(JournalState.LOST);
  }

  @Test
  void anyMixOfAppendsSwitchesAndAnswersKeepsTheOrder() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      List<Ledger> ledgers = new ArrayList<>(List.of(new Ledger()));
      AppendQueue mixed =
          new AppendQueue(new Segment(1, ledgers.get(0).handle(), QUORUM), losses::add);
      List<Integer> order = new ArrayList<>();
      List<Position> positions = new ArrayList<>();
      int appended = 0;
      boolean fails = random.nextBoolean();
      for (int step = 0; step < 200; step++) {
        int what = random.nextInt(100);
        if (what < 50) {
          int number = appended++;
          mixed
              .append(entry())
              .whenComplete(
                  (position, failure) -> {
                    order.add(number);
                    if (position != null) {
                      positions.add(position);
                    }
                  });
        } else if (what < 55) {
          Ledger next = new Ledger();
          if (mixed.switchTo(new Segment(ledgers.size() + 1, next.handle(), QUORUM), () -> {})) {
            ledgers.add(next);
          }
        } else if (what == 55 && fails && step > 100) {
          ledgers.forEach(Ledger::fail);
        } else {
          ledgers.get(random.nextInt(ledgers.size())).answer();
        }
      }
      for (int i = 0; i < 1000; i++) {
        ledgers.forEach(Ledger::answer);
      }
      assertThat(order).as("seed %d, round %d", seed, round).isSorted().hasSize(appended);
      assertThat(positions).as("seed %d, round %d", seed, round).isSorted().doesNotHaveDuplicates();
    }
  }
}
