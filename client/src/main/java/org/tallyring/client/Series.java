package org.tallyring.client;

import java.time.Instant;
import java.util.List;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.GetSeriesResponse;

/**
 * The counts of a key in consecutive buckets.
 *
 * @param label how good the answer is; its start is later than asked for where buckets are not kept
 *     for so long
 * @param points one for each bucket, also where nothing was counted, in the order of time
 */
public record Series(Label label, List<Point> points) {

  /** Keeps a copy of the list. */
  public Series {
    points = List.copyOf(points);
  }

  /**
   * One bucket.
   *
   * @param start its start
   * @param count the key's count in it
   */
  public record Point(Instant start, long count) {}

  static Series of(GetSeriesResponse response) {
    return new Series(
        Label.of(response.getLabel()),
        response.getPointsList().stream()
            .map(
                point ->
                    new Point(
                        Instant.ofEpochMilli(ProtoTimes.millis(point.getStartTime())),
                        point.getCount()))
            .toList());
  }
}
