package org.tallyring.shardserver.engine;

import org.jspecify.annotations.Nullable;

/**
 * A page of several buckets at once: for each place, the counts of all of them side by side. Each
 * of the columns belongs to a bucket's counts, which have a {@link ColumnPage} for it.
 */
final class OpenPage {

  /** How many buckets there are: one of each level. */
  static final int COLUMNS = 5;

  private final OpenWindows windows;
  private final int index;
  final int[] data;
  final @Nullable PagedCounts[] owners = new @Nullable PagedCounts[COLUMNS];
  private boolean shared;

  /** A page of zeros that belong to nobody. */
  OpenPage(OpenWindows windows, int index) {
    this(windows, index, new int[CountPage.SLOTS * COLUMNS]);
  }

  private OpenPage(OpenWindows windows, int index, int[] data) {
    this.windows = windows;
    this.index = index;
    this.data = data;
  }

  /** Whether a frozen view reads it, so that it is never written again. */
  boolean isShared() {
    return shared;
  }

  void share() {
    shared = true;
    close();
  }

  /**
   * What takes the place of a shared page whose columns all belong to the present buckets: in one
   * copy, where column by column it would take ten of a fifth, each number by number. After a
   * snapshot was cut, one batch can need this of a thousand pages.
   *
   * @return null if it is not such a page
   */
  @Nullable OpenPage renewed(PagedCounts[] current) {
    for (int column = 0; column < COLUMNS; column++) {
      if (!shared
          || owners[column] != current[column]
          || !(current[column].page(index) instanceof ColumnPage page && page.isOf(this))) {
        return null;
      }
    }
    OpenPage renewed = new OpenPage(windows, index, data.clone());
    for (int column = 0; column < COLUMNS; column++) {
      renewed.owners[column] = current[column];
      current[column].setPage(index, new ColumnPage(renewed, column));
    }
    return renewed;
  }

  /** Sees to it that no column is written in place until the page is put together again. */
  void close() {
    windows.close(index);
  }

  /** Gives a column to counts, whose page it becomes, with what that held. */
  void give(int column, PagedCounts counts) {
    CountPage before = counts.page(index);
    if (before instanceof ColumnPage page && page.isOf(this)) {
      return;
    }
    takeBack(column);
    if (before != null) {
      before.forEach(
          0, Long.MIN_VALUE, (place, count) -> data[place * COLUMNS + column] = (int) count);
    }
    owners[column] = counts;
    counts.setPage(index, new ColumnPage(this, column));
  }

  /** Lets a column's owner keep its counts for itself and empties the column. */
  private void takeBack(int column) {
    PagedCounts owner = owners[column];
    if (owner == null) {
      return;
    }
    owners[column] = null;
    if (owner.page(index) instanceof ColumnPage page && page.isOf(this)) {
      owner.setPage(index, page.copy());
    }
    // What is shared stays as it is.
    for (int at = column; !shared && at < data.length; at += COLUMNS) {
      data[at] = 0;
    }
  }

  /** Lets the owners of all columns but those given keep their counts for themselves. */
  void leaveTo(PagedCounts[] current) {
    for (int column = 0; column < COLUMNS; column++) {
      if (owners[column] != current[column]) {
        takeBack(column);
      }
    }
  }
}
