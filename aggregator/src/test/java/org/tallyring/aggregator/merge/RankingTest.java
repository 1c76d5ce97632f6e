package org.tallyring.aggregator.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

final class RankingTest {

  @Test
  void holdsRowsInOrder() {
    Ranking ranking =
        Ranking.of(new byte[] {'b', 'a', 'c', 'c'}, List.of(1, 1, 2), List.of(9L, 5L, 5L));

    assertThat(ranking.size()).isEqualTo(3);
    assertThat(ranking.key(2)).isEqualTo(new byte[] {'c', 'c'});
    assertThat(ranking.count(0)).isEqualTo(9);
    assertThat(ranking.first(1).size()).isEqualTo(1);
    assertThat(ranking.first(3)).isSameAs(ranking);
  }

  @Test
  void theBestAreTheSameObjectAsLongAsTheSameNumberIsAskedFor() {
    Ranking ranking = Ranking.of(new byte[] {'a', 'b', 'c'}, List.of(1, 1, 1), List.of(3L, 2L, 1L));

    Ranking two = ranking.first(2);
    assertThat(two.size()).isEqualTo(2);
    assertThat(ranking.first(2)).isSameAs(two);
    assertThat(ranking.first(1).size()).isEqualTo(1);
    assertThat(ranking.first(2).key(1)).isEqualTo(new byte[] {'b'});
  }

  @Test
  void columnsOfDifferentLengthAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Ranking.of(new byte[] {'a'}, List.of(1), List.of()))
        .withMessageStartingWith("counts: 0");
  }

  @Test
  void lengthsThatDoNotFitTheKeysAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Ranking.of(new byte[] {'a'}, List.of(2), List.of(1L)))
        .withMessageStartingWith("keyLengths: sum 2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Ranking.of(new byte[] {'a'}, List.of(0), List.of(1L)))
        .withMessageStartingWith("keyLengths: sum 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Ranking.of(new byte[] {'a'}, List.of(-1), List.of(1L)))
        .withMessageStartingWith("keyLengths: sum 4294967295");
  }

  @Test
  void rowsOutOfOrderAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Ranking.of(new byte[] {'a', 'b'}, List.of(1, 1), List.of(1L, 2L)))
        .withMessageStartingWith("ranking: row 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Ranking.of(new byte[] {(byte) 0x80, 'b'}, List.of(1, 1), List.of(1L, 1L)))
        .withMessageStartingWith("ranking: row 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Ranking.of(new byte[] {'a', 'a'}, List.of(1, 1), List.of(1L, 1L)))
        .withMessageStartingWith("ranking: row 1");
  }

  @Test
  void numbersBesideThatDoNotFitTheKeysAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                Ranking.of(
                    new byte[] {'a', 'b'}, List.of(1, 1), List.of(2L, 1L), List.of(1L, 2L, 3L)))
        .withMessageStartingWith("beside: 3");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Ranking.of(new byte[0], List.of(), List.of(), List.of(1L)))
        .withMessageStartingWith("beside: 1");
  }
}
