package org.tallyring.cli.logging;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.slf4j.event.KeyValuePair;

/** What a line in the log looks like. */
final class LogLineTest {

  private static String line(KeyValuePair... pairs) throws Exception {
    LoggerContext context = new LoggerContext();
    JoranConfigurator configurator = new JoranConfigurator();
    configurator.setContext(context);
    configurator.doConfigure(LogLineTest.class.getResource("/logback.xml"));
    Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    ConsoleAppender<ILoggingEvent> appender =
        (ConsoleAppender<ILoggingEvent>) root.getAppender("STDERR");
    LoggingEvent event =
        new LoggingEvent(
            "", context.getLogger("org.example.Worker"), Level.WARN, "not copied", null, null);
    event.setInstant(Instant.parse("2026-01-02T03:04:05.006Z"));
    for (KeyValuePair pair : pairs) {
      event.addKeyValuePair(pair);
    }
    return new String(appender.getEncoder().encode(event), UTF_8);
  }

  @Test
  void aLineIsOfTimeLevelWhoAndWhat() throws Exception {
    assertThat(line()).isEqualTo("2026-01-02T03:04:05.006Z WARN  Worker: not copied\n");
  }

  @Test
  void pairsBesideAMessageFollowIt() throws Exception {
    assertThat(line(new KeyValuePair("ledgerId", 7), new KeyValuePair("reason", "no bookie")))
        .isEqualTo(
            "2026-01-02T03:04:05.006Z WARN  Worker: not copied ledgerId=\"7\" reason=\"no bookie\"\n");
  }
}
