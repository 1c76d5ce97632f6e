package org.tallyring.shardserver.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.bookkeeper.discover.RegistrationClient;
import org.apache.bookkeeper.net.BookieId;
import org.apache.bookkeeper.versioning.LongVersion;
import org.apache.bookkeeper.versioning.Versioned;
import org.junit.jupiter.api.Test;

class SteadyRegistrationClientTest {

  private static final BookieId ONE = BookieId.parse("bookie-1");
  private static final BookieId TWO = BookieId.parse("bookie-2");

  private final FakeRegistration registration = new FakeRegistration();
  private final SteadyRegistrationClient steady = new SteadyRegistrationClient(registration);
  private final List<Set<BookieId>> heard = new ArrayList<>();
  private final RegistrationClient.RegistrationListener listener =
      bookies -> heard.add(bookies.getValue());

  @Test
  void whatTheWatchMissesIsToldAtTheSecondLook() {
    registration.bookies = Set.of(ONE);
    steady.watchWritableBookies(listener);
    registration.tell();

    registration.bookies = Set.of(ONE, TWO);
    steady.look();
    assertThat(heard).containsExactly(Set.of(ONE));
    steady.look();
    assertThat(heard).containsExactly(Set.of(ONE), Set.of(ONE, TWO));

    steady.look();
    steady.look();
    assertThat(heard).hasSize(2);
  }

  @Test
  void aWatchThatIsOnlyLateIsNotAnticipated() {
    registration.bookies = Set.of(ONE);
    steady.watchWritableBookies(listener);
    registration.tell();

    registration.bookies = Set.of(TWO);
    steady.look();
    registration.tell();
    steady.look();
    steady.look();

    assertThat(heard).containsExactly(Set.of(ONE), Set.of(TWO));
  }

  @Test
  void aBookieThatComesAndGoesBetweenTwoLooksIsNoChange() {
    registration.bookies = Set.of(ONE);
    steady.watchWritableBookies(listener);
    registration.tell();

    registration.bookies = Set.of(ONE, TWO);
    steady.look();
    registration.bookies = Set.of(ONE);
    steady.look();
    registration.bookies = Set.of(ONE, TWO);
    steady.look();

    assertThat(heard).containsExactly(Set.of(ONE));
  }

  @Test
  void aListThatCannotBeReadIsReadAgain() {
    registration.bookies = Set.of(ONE);
    steady.watchWritableBookies(listener);
    registration.tell();

    registration.bookies = Set.of(TWO);
    registration.reachable = false;
    steady.look();
    registration.reachable = true;
    steady.look();
    steady.look();

    assertThat(heard).containsExactly(Set.of(ONE), Set.of(TWO));
  }

  @Test
  void aListThatCannotEvenBeAskedForDoesNotEndTheLooking() {
    registration.bookies = Set.of(ONE);
    steady.watchWritableBookies(listener);
    registration.broken = true;

    assertThatCode(steady::look).doesNotThrowAnyException();
  }

  @Test
  void whatWasAskedDuringAnOutageIsNoSecondLook() {
    registration.bookies = Set.of(ONE);
    steady.watchWritableBookies(listener);
    registration.tell();

    registration.bookies = Set.of(TWO);
    registration.outage = new CompletableFuture<>();
    steady.look();
    steady.look();
    registration.outage.complete(null);

    assertThat(heard).containsExactly(Set.of(ONE));
  }

  @Test
  void whoCeasesToWatchHearsNothingAndLeavesNoWatchBehind() {
    registration.bookies = Set.of(ONE);
    steady.watchWritableBookies(listener);
    registration.tell();
    steady.unwatchWritableBookies(listener);

    registration.bookies = Set.of(TWO);
    steady.look();
    steady.look();

    assertThat(heard).containsExactly(Set.of(ONE));
    assertThat(registration.listeners).isEmpty();
  }

  @Test
  void aWatchThatCannotBeginLeavesNothingBehind() {
    registration.reachable = false;

    assertThat(steady.watchWritableBookies(listener)).isCompletedExceptionally();
    assertThat(registration.listeners).isEmpty();
  }

  /** A list of bookies whose watch tells only when it is asked to. */
  private static final class FakeRegistration implements RegistrationClient {

    private final Set<RegistrationListener> listeners = new HashSet<>();
    private Set<BookieId> bookies = Set.of();
    private boolean reachable = true;
    private boolean broken;
    private CompletableFuture<Void> outage = CompletableFuture.allOf();
    private long version;

    void tell() {
      Versioned<Set<BookieId>> now = new Versioned<>(bookies, new LongVersion(++version));
      listeners.forEach(listener -> listener.onBookiesChanged(now));
    }

    private <T> CompletableFuture<T> ifReachable(CompletableFuture<T> answer) {
      return reachable
          ? answer
          : CompletableFuture.failedFuture(new IllegalStateException("no session"));
    }

    private <T> CompletableFuture<T> answer(T answer) {
      return ifReachable(CompletableFuture.completedFuture(answer));
    }

    @Override
    public CompletableFuture<Versioned<Set<BookieId>>> getWritableBookies() {
      if (broken) {
        throw new IllegalStateException("closed");
      }
      return outage.thenCompose(over -> answer(new Versioned<>(bookies, new LongVersion(version))));
    }

    @Override
    public CompletableFuture<Versioned<Set<BookieId>>> getAllBookies() {
      return getWritableBookies();
    }

    @Override
    public CompletableFuture<Versioned<Set<BookieId>>> getReadOnlyBookies() {
      return answer(new Versioned<>(Set.of(), new LongVersion(0)));
    }

    @Override
    public CompletableFuture<Void> watchWritableBookies(RegistrationListener listener) {
      listeners.add(listener);
      return ifReachable(CompletableFuture.allOf());
    }

    @Override
    public void unwatchWritableBookies(RegistrationListener listener) {
      listeners.remove(listener);
    }

    @Override
    public CompletableFuture<Void> watchReadOnlyBookies(RegistrationListener listener) {
      return ifReachable(CompletableFuture.allOf());
    }

    @Override
    public void unwatchReadOnlyBookies(RegistrationListener listener) {}

    @Override
    public void close() {}
  }
}
