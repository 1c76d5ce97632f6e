package org.tallyring.shardserver.coordination;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class SessionLeaseTest {

  private static final Duration LENGTH = Duration.ofSeconds(3);

  private long now = Long.MAX_VALUE - Duration.ofSeconds(1).toNanos();
  private final SessionLease lease = new SessionLease(() -> now, LENGTH);

  private void pass(Duration time) {
    now += time.toNanos();
  }

  @Test
  void itHoldsUntilItsLengthAfterTheQuestionWasSent() {
    assertThat(lease.holds()).isTrue();
    long sent = now;
    pass(Duration.ofSeconds(2));
    lease.proven(sent);
    pass(Duration.ofMillis(999));
    assertThat(lease.holds()).isTrue();

    pass(Duration.ofMillis(1));

    assertThat(lease.holds()).isFalse();
  }

  @Test
  void aProcessThatWasStoppedKnowsBeforeAnybodyTellsIt() {
    lease.proven(now);
    pass(Duration.ofSeconds(40));
    assertThat(lease.holds()).isFalse();

    lease.proven(now);

    assertThat(lease.holds()).isTrue();
  }

  @Test
  void anAnswerThatComesLateDoesNotShortenIt() {
    long early = now;
    pass(Duration.ofSeconds(1));
    lease.proven(now);
    lease.proven(early);
    pass(Duration.ofMillis(2_999));

    assertThat(lease.holds()).isTrue();
  }

  @Test
  void afterTheEndOfASessionTheNextOneIsNotReliedOnAtOnce() {
    lease.lost();
    pass(Duration.ofMillis(2_999));
    lease.proven(now);
    assertThat(lease.holds()).isFalse();

    pass(Duration.ofMillis(1));

    assertThat(lease.holds()).isTrue();
  }
}
