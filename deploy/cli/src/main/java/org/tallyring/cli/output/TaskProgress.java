package org.tallyring.cli.output;

import java.io.PrintStream;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** Shows how much of a long task is done, where somebody looks. Used by one thread. */
public final class TaskProgress implements AutoCloseable {

  private static final int UPDATE_MILLIS = 200;
  private static final int UNKNOWN = -1;

  private final @Nullable ProgressBar bar;

  private TaskProgress(@Nullable ProgressBar bar) {
    this.bar = bar;
  }

  /**
   * Nothing done yet.
   *
   * @param task what is done
   * @param unit of what, as {@code ranges}; may be empty
   * @param visible whether somebody looks
   * @param terminal where to draw it
   */
  public static TaskProgress of(String task, String unit, boolean visible, PrintStream terminal) {
    if (!visible) {
      return new TaskProgress(null);
    }
    ProgressBarBuilder builder = bar(task, terminal).setInitialMax(UNKNOWN);
    return new TaskProgress((unit.isEmpty() ? builder : builder.setUnit(" " + unit, 1)).build());
  }

  /** How every bar of this program looks. */
  public static ProgressBarBuilder bar(String task, PrintStream terminal) {
    return new ProgressBarBuilder()
        .setTaskName(task)
        .setStyle(ProgressBarStyle.ASCII)
        .setConsumer(new ConsoleProgressBarConsumer(terminal))
        .setUpdateIntervalMillis(UPDATE_MILLIS)
        .clearDisplayOnFinish();
  }

  /** So many of so many are done. */
  public void at(long done, long total) {
    if (bar != null) {
      bar.maxHint(total);
      bar.stepTo(done);
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
