package org.tallyring.client.recording;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** What is found is what was added since the table was last emptied, whatever its size. */
final class RowIndexTest {

  @Property
  void rowsAreFoundByTheirHashesUntilTheyAreForgotten(
      @ForAll @Size(min = 1, max = 6) int[] batches,
      @ForAll @IntRange(min = 1, max = 40) int spread) {
    RowIndex index = new RowIndex();
    for (int seed : batches) {
      int rows = Math.floorMod(seed, RecordingSettings.BATCH_ROWS);
      Map<Integer, Long> hashes = new HashMap<>();
      for (int row = 0; row < rows; row++) {
        // Few different low bits, so that many rows want the same place.
        long hash = (long) (row % spread) | (long) row << 24 | (long) seed << 40;
        index.add(hash, row);
        hashes.put(row, hash);
      }
      hashes.forEach(
          (row, hash) -> assertThat(index.find(hash, each -> each == row)).isEqualTo(row));
      assertThat(index.find(77L << 50 | 5, row -> row == rows)).isEqualTo(RowIndex.NONE);
      index.clear();
      hashes.forEach(
          (row, hash) -> assertThat(index.find(hash, each -> true)).isEqualTo(RowIndex.NONE));
    }
  }

  @Test
  void itIsAsLargeAsItsBatchesNeedLately() {
    RowIndex index = new RowIndex();
    int first = index.places();
    for (int row = 0; row < RecordingSettings.BATCH_ROWS; row++) {
      index.add(row * 0x9E37_79B9_7F4A_7C15L, row);
    }
    index.clear();
    int largest = index.places();
    assertThat(largest).isGreaterThanOrEqualTo(2 * RecordingSettings.BATCH_ROWS);
    for (int batch = 0; batch < 10; batch++) {
      index.add(batch, 0);
      index.clear();
    }

    assertThat(index.places()).isEqualTo(first);
  }
}
