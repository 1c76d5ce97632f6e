package org.tallyring.shardserver.engine;

import java.util.List;

/**
 * The rankings of all open windows of a range at one moment, for readers on other threads:
 * immutable.
 *
 * @param version rises by one with each publication that differs from the one before it; 0 for a
 *     range that has nothing to publish. Not part of the state: a new owner begins again at 0
 * @param publishedAtMillis when this content was first published
 * @param rankings the windows in which anything was counted
 * @param lateCorrections the metrics that were ever corrected
 */
public record PublishedRankings(
    long version,
    long publishedAtMillis,
    List<PublishedRanking> rankings,
    List<LateCorrections> lateCorrections) {

  /**
   * How often final windows of a metric were corrected.
   *
   * @param namespaceUid the namespace's uid
   * @param metric the metric
   * @param batches how many batches corrected some final window
   */
  public record LateCorrections(long namespaceUid, String metric, long batches) {}

  /** Copies the lists. */
  public PublishedRankings {
    rankings = List.copyOf(rankings);
    lateCorrections = List.copyOf(lateCorrections);
  }

  /** The rankings whose content is newer than a version. */
  public List<PublishedRanking> changedSince(long version) {
    return rankings.stream().filter(ranking -> ranking.changedAtVersion() > version).toList();
  }
}
