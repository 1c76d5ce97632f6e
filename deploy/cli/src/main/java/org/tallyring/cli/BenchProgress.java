package org.tallyring.cli;

import java.io.PrintStream;
import java.time.Duration;
import me.tongfei.progressbar.ProgressBar;
import org.jspecify.annotations.Nullable;
import org.tallyring.benchmarks.load.LoadWatcher;
import org.tallyring.cli.output.TaskProgress;

/** Shows on a terminal how a load goes on; a bar for each phase. Used by one thread. */
final class BenchProgress implements LoadWatcher, AutoCloseable {

  private final boolean visible;
  private final PrintStream terminal;
  private @Nullable ProgressBar bar;

  /** Shows nothing where nobody looks. */
  BenchProgress(boolean visible, PrintStream terminal) {
    this.visible = visible;
    this.terminal = terminal;
  }

  @Override
  public void phase(String name, Duration length) {
    close();
    if (visible) {
      bar =
          TaskProgress.bar(name, terminal)
              .setInitialMax(length.isZero() ? -1 : length.toMillis())
              .setUnit(" s", 1_000)
              .build();
    }
  }

  @Override
  public void at(Duration elapsed, long acknowledged) {
    if (bar != null) {
      bar.stepTo(elapsed.toMillis());
      bar.setExtraMessage(String.format("%,d acknowledged", acknowledged));
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
