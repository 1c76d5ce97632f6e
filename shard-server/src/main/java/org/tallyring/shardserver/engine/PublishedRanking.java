package org.tallyring.shardserver.engine;

/**
 * The ranking of one open window.
 *
 * @param changedAtVersion the first publication with this content
 * @param window the window
 * @param ranking its content
 */
public record PublishedRanking(long changedAtVersion, WindowKey window, Ranking ranking) {}
