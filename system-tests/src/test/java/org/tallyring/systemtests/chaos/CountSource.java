package org.tallyring.systemtests.chaos;

import java.util.List;
import java.util.Map;
import org.tallyring.client.TopK;

/** What can be asked of whatever counted. */
interface CountSource {

  /**
   * The counts of keys, one for each.
   *
   * @throws RuntimeException if some key has no answer
   */
  Map<String, Long> counts(String metric, List<String> keys, Slice slice);

  /** The best keys, best first. */
  List<TopK.Item> top(String metric, Slice slice, int k);
}
