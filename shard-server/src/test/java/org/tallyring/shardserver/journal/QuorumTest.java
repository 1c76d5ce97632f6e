package org.tallyring.shardserver.journal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class QuorumTest {

  @Test
  void threeBookiesTakeEnsemblesOfTwoSoThatOneIsSpare() {
    assertThat(Quorum.writable(3, 3, false)).contains(new Quorum(2, 2, 2));
    assertThat(Quorum.writable(2, 2, false)).contains(new Quorum(2, 2, 2));
  }

  @Test
  void fourBookiesTakeThreeCopies() {
    assertThat(Quorum.writable(4, 4, false)).contains(new Quorum(3, 3, 2));
    assertThat(Quorum.writable(9, 5, false)).contains(new Quorum(3, 3, 2));
  }

  @Test
  void missingBookiesLowerTheQuorumButNeverBelowTwoCopies() {
    assertThat(Quorum.writable(4, 3, false)).contains(new Quorum(2, 2, 2));
    assertThat(Quorum.writable(4, 2, false)).contains(new Quorum(2, 2, 2));
    assertThat(Quorum.writable(4, 1, false)).isEmpty();
    assertThat(Quorum.writable(1, 1, false)).isEmpty();
    assertThat(Quorum.writable(0, 0, false)).isEmpty();
  }

  @Test
  void oneCopyTakesOneBookieAndConsent() {
    assertThat(Quorum.writable(1, 1, true)).contains(new Quorum(1, 1, 1));
    assertThat(Quorum.writable(1, 0, true)).isEmpty();
    assertThat(Quorum.writable(2, 1, true)).isEmpty();
    assertThat(Quorum.writable(3, 3, true)).contains(new Quorum(2, 2, 2));
  }

  @Test
  void wantedIsWhatAllRegisteredBookiesWouldGive() {
    for (int bookies = 1; bookies < 8; bookies++) {
      assertThat(Quorum.writable(bookies, bookies, true).orElseThrow().copies())
          .isEqualTo(Quorum.wantedCopies(bookies));
    }
  }
}
