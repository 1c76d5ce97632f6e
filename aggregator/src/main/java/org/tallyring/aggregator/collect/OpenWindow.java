package org.tallyring.aggregator.collect;

import java.util.List;
import org.tallyring.aggregator.merge.RangePart;

/**
 * What the ranges published about one open window.
 *
 * @param parts one for each range included, with or without keys
 * @param coverage how much of the cluster that is
 */
public record OpenWindow(List<RangePart> parts, Coverage coverage) {}
