package org.tallyring.cli.logging;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Drops messages that libraries log as errors although nothing is wrong and nobody can do anything.
 *
 * <p>Each is known by its logger and its text, so that whatever else the same logger says is heard.
 * Stateless and thread-safe.
 */
public final class KnownNoise extends Filter<ILoggingEvent> {

  /**
   * A message to drop.
   *
   * @param logger the logger's name, or the beginning of it
   * @param text a part of the message, or of its exception's class name or message
   */
  private record Noise(String logger, String text) {}

  private static final List<Noise> NOISE =
      List.of(
          // A bookie's first start: there is no such file yet. Later a missing file costs a longer
          // replay of the journal, and no data.
          new Noise("org.apache.bookkeeper.bookie.Journal", "okay if it is the first time"),
          // A bookie's stop: a second shutdown races the first, after the storage has closed.
          new Noise("org.apache.bookkeeper.bookie", "RejectedExecutionException"));

  @Override
  public FilterReply decide(ILoggingEvent event) {
    for (Noise noise : NOISE) {
      if (event.getLoggerName().startsWith(noise.logger) && says(event, noise.text)) {
        return FilterReply.DENY;
      }
    }
    return FilterReply.NEUTRAL;
  }

  private static boolean says(ILoggingEvent event, String text) {
    return contains(event.getFormattedMessage(), text) || says(event.getThrowableProxy(), text);
  }

  private static boolean says(@Nullable IThrowableProxy failure, String text) {
    return failure != null
        && (contains(failure.getClassName(), text)
            || contains(failure.getMessage(), text)
            || says(failure.getCause(), text));
  }

  private static boolean contains(@Nullable String said, String text) {
    return said != null && said.contains(text);
  }
}
