package org.tallyring.cli;

import java.io.PrintStream;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** Shows on a terminal how many ranges have moved. Used by one thread. */
final class MoveProgress implements AutoCloseable {

  private final @Nullable ProgressBar bar;

  /**
   * Begins with nothing moved; shows nothing where nobody looks.
   *
   * @param total how many have to move
   */
  MoveProgress(String task, int total, boolean visible, PrintStream terminal) {
    bar =
        visible
            ? new ProgressBarBuilder()
                .setTaskName(task)
                .setInitialMax(total)
                .setUnit(" ranges", 1)
                .setStyle(ProgressBarStyle.ASCII)
                .setConsumer(new ConsoleProgressBarConsumer(terminal))
                .setUpdateIntervalMillis(200)
                .clearDisplayOnFinish()
                .build()
            : null;
  }

  /** So many have moved, of so many. */
  void at(int moved, int total) {
    if (bar != null) {
      bar.maxHint(total);
      bar.stepTo(moved);
    }
  }

  /** Takes the bar away. */
  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
