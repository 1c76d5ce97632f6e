package org.tallyring.cli;

import java.io.PrintStream;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** Shows how far a snapshot is, to a person at a terminal. Used by one thread. */
final class SnapshotProgress implements AutoCloseable {

  private final @Nullable ProgressBar bar;

  /**
   * Nothing done yet.
   *
   * @param task what is being done
   * @param visible whether to draw anything
   */
  SnapshotProgress(String task, boolean visible, PrintStream terminal) {
    bar =
        visible
            ? new ProgressBarBuilder()
                .setTaskName(task)
                .setStyle(ProgressBarStyle.ASCII)
                .setConsumer(new ConsoleProgressBarConsumer(terminal))
                .setUpdateIntervalMillis(200)
                .clearDisplayOnFinish()
                .build()
            : null;
  }

  void at(long done, long total) {
    if (bar != null) {
      bar.maxHint(total);
      bar.stepTo(done);
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
