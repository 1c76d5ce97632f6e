package org.tallyring.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class SharesTest {

  @Test
  void eachSenderHasConnectionsOfItsOwn() {
    List<String> five = List.of("a", "b", "c", "d", "e");

    assertThat(Shares.of(five, 0, 2)).containsExactly("a", "c", "e");
    assertThat(Shares.of(five, 1, 2)).containsExactly("b", "d");
  }

  @Test
  void fewConnectionsAreShared() {
    assertThat(Shares.of(List.of("a", "b"), 2, 3)).containsExactly("a");
    assertThat(Shares.of(List.of("a", "b"), 1, 3)).containsExactly("b");
  }
}
