package org.tallyring.shardserver.engine;

/**
 * The ranking of one open window.
 *
 * @param changedAtVersion the first publication with this content
 * @param window the window
 * @param ranking its content
 * @param floor the count below which keys are left out; {@link RankingFloors#NONE} if the ranking
 *     holds the best K of all
 */
public record PublishedRanking(
    long changedAtVersion, WindowKey window, Ranking ranking, long floor) {}
