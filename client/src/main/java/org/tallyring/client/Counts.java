package org.tallyring.client;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.tallyring.proto.v1.GetCountsResponse;
import org.tallyring.proto.v1.KeyCount;

/**
 * The counts of some keys in one window.
 *
 * @param label how good the answer is
 * @param byKey the counts in the order asked for, 0 for a key never seen; keys of ranges that are
 *     not included are left out
 */
public record Counts(Label label, Map<String, Long> byKey) {

  /** Keeps a copy of the map, in its order. */
  public Counts {
    byKey = Collections.unmodifiableMap(new LinkedHashMap<>(byKey));
  }

  static Counts of(GetCountsResponse response) {
    Map<String, Long> byKey = new LinkedHashMap<>();
    for (KeyCount count : response.getCountsList()) {
      byKey.put(count.getKey().toStringUtf8(), count.getCount());
    }
    return new Counts(Label.of(response.getLabel()), byKey);
  }
}
