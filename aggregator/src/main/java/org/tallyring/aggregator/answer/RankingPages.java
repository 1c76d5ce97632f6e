package org.tallyring.aggregator.answer;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.tallyring.aggregator.collect.CountedMetric;
import org.tallyring.aggregator.collect.Holdings;
import org.tallyring.aggregator.collect.NamespaceDirectory;
import org.tallyring.aggregator.collect.PagePart;
import org.tallyring.aggregator.collect.RankQueries;
import org.tallyring.aggregator.collect.ShardCalls;
import org.tallyring.aggregator.merge.MergedTopK;
import org.tallyring.aggregator.merge.OfRange;
import org.tallyring.aggregator.merge.RangeMerge;
import org.tallyring.aggregator.merge.RangePart;
import org.tallyring.aggregator.merge.Ranking;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.QueryRankingPageRequest;
import org.tallyring.proto.internal.v1.RangeVersion;
import org.tallyring.proto.internal.v1.RankingCursor;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.ListRankingRequest;
import org.tallyring.proto.window.Intervals;
import org.tallyring.proto.window.Selections;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.Resolved;
import org.tallyring.topology.window.TimeSelection;
import org.tallyring.topology.window.WindowLevel;

/**
 * Answers whole rankings, page by page. Thread-safe and never blocking, and without memory: what
 * the pages have in common is in the token and in the views that the ranges keep, so that any
 * aggregator answers the next page.
 *
 * <p>A page is the merge of what each range has after the last row given out. Since all pages read
 * the same views, no key is on two pages and none is missed, however much is counted meanwhile.
 */
public final class RankingPages {

  /** The most rows of a page. */
  public static final int MAX_PAGE_SIZE = 1_000;

  private static final int DEFAULT_PAGE_SIZE = 100;

  private final InstantSource clock;
  private final NamespaceDirectory namespaces;
  private final Holdings holdings;
  private final RankQueries queries;
  private final KeptChoices choices;

  /**
   * Answers from these sources.
   *
   * @param clock decides which windows are open and which are final
   */
  public RankingPages(
      InstantSource clock,
      NamespaceDirectory namespaces,
      Holdings holdings,
      RankQueries queries,
      KeptChoices choices) {
    this.clock = clock;
    this.namespaces = namespaces;
    this.holdings = holdings;
    this.queries = queries;
    this.choices = choices;
  }

  /**
   * Answers one page.
   *
   * @return fails with a {@link io.grpc.StatusRuntimeException} that carries a reason: as rankings
   *     do, and with BAD_CURSOR or CURSOR_EXPIRED for a page token that cannot be used
   */
  public CompletableFuture<RankingPage> page(ListRankingRequest request) {
    int size = request.hasPageSize() ? request.getPageSize() : DEFAULT_PAGE_SIZE;
    if (size < 1) {
      return CompletableFuture.failedFuture(
          Errors.invalid(
              ErrorReason.ERROR_REASON_BAD_SIZE,
              "page_size",
              "page_size: " + size + " (expected: at least 1)"));
    }
    if (!holdings.picture().isKnown()) {
      return CompletableFuture.failedFuture(ShardCalls.noShard());
    }
    int capped = Math.min(size, MAX_PAGE_SIZE);
    return namespaces
        .resolveRanked(request.getNamespace(), request.getMetric())
        .thenCompose(
            metric ->
                request.getPageToken().isEmpty()
                    ? first(request, metric, capped)
                    : later(request, metric, capped))
        .thenApply(
            page -> {
              Labels.check(page.label(), request.getRequireComplete());
              return page;
            });
  }

  private CompletableFuture<RankingPage> first(
      ListRankingRequest request, CountedMetric metric, int size) {
    TimeSelection selection = Selections.of(request.getWindow());
    return choices.ask(
        AskedMetrics.of(metric),
        kept ->
            Selections.resolve(
                selection, clock.millis(), metric.latenessMillis(), metric.bucketWidth(), kept),
        resolved -> {
          RankingCursor cursor =
              RankingCursor.newBuilder()
                  .setNamespaceUid(metric.namespaceUid())
                  .setMetric(metric.metric())
                  .setWindow(request.getWindow())
                  .setInterval(Intervals.toProto(resolved.interval()))
                  .setRangesTotal(holdings.picture().rangeCount())
                  .build();
          return queries
              .pages(question(metric, cursor, size))
              .thenApply(
                  answered ->
                      new KeptChoices.Answered<>(
                          page(metric, cursor, usable(cursor, answered.parts()), size),
                          answered.kept()));
        });
  }

  private CompletableFuture<RankingPage> later(
      ListRankingRequest request, CountedMetric metric, int size) {
    RankingCursor cursor = PageToken.read(request, metric);
    return queries
        .pages(question(metric, cursor, size))
        .thenApply(answered -> page(metric, cursor, usable(cursor, answered.parts()), size));
  }

  private static QueryRankingPageRequest question(
      CountedMetric metric, RankingCursor cursor, int size) {
    return QueryRankingPageRequest.newBuilder()
        .setNamespace(metric.namespace())
        .setMetric(metric.metric())
        .setInterval(cursor.getInterval())
        .setSize(size)
        .addAllPinned(cursor.getPinnedList())
        .setAfterKey(cursor.getLastKey())
        .setAfterCount(cursor.getLastCount())
        .build();
  }

  /** The newest owners' parts, if they are what the cursor needs. */
  private List<PagePart> usable(RankingCursor cursor, List<PagePart> parts) {
    Map<Integer, PagePart> newest = OfRange.newest(parts);
    for (RangeVersion pinned : cursor.getPinnedList()) {
      PagePart part = newest.get(pinned.getRangeId());
      if (part == null && holdings.picture().epoch(pinned.getRangeId()) <= pinned.getEpoch()) {
        throw Labels.incomplete(
            "range " + pinned.getRangeId() + " of the first page cannot be included now");
      }
      if (part == null || part.expired()) {
        throw Errors.of(
            Status.Code.FAILED_PRECONDITION,
            ErrorReason.ERROR_REASON_CURSOR_EXPIRED,
            "page_token: expired (expected: one used within a minute, and no new owner of a range"
                + " meanwhile; begin again without one)");
      }
    }
    return new ArrayList<>(newest.values());
  }

  private RankingPage page(
      CountedMetric metric, RankingCursor cursor, List<PagePart> parts, int size) {
    List<RangePart> rows = parts.stream().map(PagePart::part).toList();
    MergedTopK merged = RangeMerge.merge(rows, size);
    long total = parts.stream().mapToLong(PagePart::total).sum();
    long asOf = parts.stream().mapToLong(PagePart::asOfMillis).min().orElse(clock.millis());
    Interval interval = Intervals.fromProto(cursor.getInterval());
    boolean isFinal =
        interval.level() != WindowLevel.ALL
            && interval.endMillis() + metric.latenessMillis() <= clock.millis();
    AnswerLabel label =
        Labels.of(
            new Resolved(
                interval,
                cursor.getWindow().hasLast(),
                isFinal ? Resolved.State.FINAL : Resolved.State.CHANGING),
            asOf,
            merged.revision(),
            merged.ranking().quality(),
            cursor.getRangesTotal(),
            merged.rangesIncluded());
    Ranking ranking = merged.ranking();
    long given = cursor.getRows() + ranking.size();
    return new RankingPage(
        metric,
        label,
        ranking,
        cursor.getRows() + 1,
        total,
        given < total && ranking.size() > 0 ? next(cursor, parts, ranking, given) : "");
  }

  private static String next(
      RankingCursor cursor, List<PagePart> parts, Ranking ranking, long given) {
    RankingCursor.Builder next =
        cursor.toBuilder()
            .clearPinned()
            .setRows(given)
            .setLastKey(ByteString.copyFrom(ranking.key(ranking.size() - 1)))
            .setLastCount(ranking.count(ranking.size() - 1));
    for (PagePart part : parts) {
      next.addPinned(
          RangeVersion.newBuilder()
              .setRangeId(part.rangeId())
              .setEpoch(part.epoch())
              .setVersion(part.view()));
    }
    return PageToken.of(next.build());
  }
}
