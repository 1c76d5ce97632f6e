package org.tallyring.cli.logging;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.spi.FilterReply;
import java.io.IOException;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class KnownNoiseTest {

  @Test
  void onlyTheKnownMessagesAreDropped() {
    String journal = "org.apache.bookkeeper.bookie.Journal";
    assertThat(
            decide(
                journal,
                "Problems reading from f (this is okay if it is the first time starting this"
                    + " bookie)",
                null))
        .isEqualTo(FilterReply.DENY);
    assertThat(decide(journal, "Problems reading from f", new IOException("disk")))
        .isEqualTo(FilterReply.NEUTRAL);
    assertThat(decide("org.tallyring.shard", "okay if it is the first time", null))
        .isEqualTo(FilterReply.NEUTRAL);
  }

  @Test
  void aDroppedFailureIsFoundInTheChainOfCauses() {
    assertThat(
            decide(
                "org.apache.bookkeeper.bookie.BookieImpl",
                "Exception during shutdown",
                new IllegalStateException(new RejectedExecutionException("terminated"))))
        .isEqualTo(FilterReply.DENY);
  }

  private static FilterReply decide(String name, String message, @Nullable Throwable failure) {
    Logger logger = new LoggerContext().getLogger(name);
    return new KnownNoise()
        .decide(new LoggingEvent("caller", logger, Level.ERROR, message, failure, null));
  }
}
