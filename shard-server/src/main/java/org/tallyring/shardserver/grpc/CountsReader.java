package org.tallyring.shardserver.grpc;

import com.google.protobuf.ByteString;
import io.grpc.Status.Code;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.Member;
import org.tallyring.proto.internal.v1.QueryCountsRequest;
import org.tallyring.proto.internal.v1.QueryCountsResponse;
import org.tallyring.proto.internal.v1.RangeRevision;
import org.tallyring.proto.namespace.Namespaces;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.GetCountsRequest;
import org.tallyring.proto.v1.GetCountsResponse;
import org.tallyring.proto.v1.KeyCount;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.window.Intervals;
import org.tallyring.proto.window.Selections;
import org.tallyring.topology.name.KeyRules;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.KeptBuckets;
import org.tallyring.topology.window.Resolved;
import org.tallyring.topology.window.TimeSelection;

/**
 * Answers GetCounts for any keys: from the ranges held here and from the shards that hold the
 * others.
 */
final class CountsReader {

  private static final Logger log = LoggerFactory.getLogger(CountsReader.class);

  private static final int MAX_KEYS = 10_000;
  private static final long PEER_SECONDS = 5;
  private static final Duration INCOMPLETE_DELAY = Duration.ofMillis(200);

  /**
   * How often buckets are chosen. The second time it is known what the ranges keep that could not
   * answer the first time, and the others keep coarser buckets for longer; one more is for a bucket
   * that is retired in between.
   */
  private static final int MAX_ROUNDS = 3;

  private final RangeReads reads;
  private final RangeOwners owners;
  private final PeerChannels peers;
  private final NamespaceDirectory namespaces;
  private final ReadGuard guard;
  private final InstantSource clock;

  CountsReader(
      RangeReads reads,
      RangeOwners owners,
      PeerChannels peers,
      NamespaceDirectory namespaces,
      ReadGuard guard,
      InstantSource clock) {
    this.reads = reads;
    this.owners = owners;
    this.peers = peers;
    this.namespaces = namespaces;
    this.guard = guard;
    this.clock = clock;
  }

  CompletableFuture<GetCountsResponse> counts(GetCountsRequest request) {
    guard.check();
    checkKeys(request.getKeysList());
    TimeSelection selection = Selections.of(request.getWindow());
    long now = clock.millis();
    return namespaces
        .findWithMetric(request.getNamespace(), request.getMetric())
        .thenCompose(
            namespace -> {
              Map<Integer, List<ByteString>> keys =
                  reads.byRange(namespace.getName(), request.getKeysList());
              return counts(
                  request, selection, namespace, keys, now, KeptBuckets.EVERYTHING, MAX_ROUNDS);
            })
        .thenApply(guard::checked);
  }

  /**
   * Ranges retire buckets by their own watermarks: only their answers say what all of them keep.
   */
  private CompletableFuture<GetCountsResponse> counts(
      GetCountsRequest request,
      TimeSelection selection,
      NamespaceDefinition namespace,
      Map<Integer, List<ByteString>> keys,
      long now,
      KeptBuckets kept,
      int rounds) {
    Resolved resolved =
        Selections.resolve(
            selection,
            now,
            Namespaces.latenessMillis(namespace),
            NamespaceDirectory.bucketWidth(namespace, request.getMetric()),
            kept);
    return query(request.getMetric(), resolved.interval(), namespace, keys)
        .thenCompose(
            found -> {
              if (found.getNotKeptCount() == 0) {
                AnswerLabel.Builder label =
                    Selections.label(resolved)
                        .setAsOfTime(ProtoTimes.timestamp(now))
                        .setRangesTotal(keys.size());
                return CompletableFuture.completedFuture(answer(request, label, found));
              }
              if (rounds == 1) {
                throw incomplete(found.getRangesCount(), keys.size());
              }
              KeptBuckets everywhere = kept.and(Intervals.fromProto(found.getNotKeptList()));
              return counts(request, selection, namespace, keys, now, everywhere, rounds - 1);
            });
  }

  private CompletableFuture<QueryCountsResponse> query(
      String metric,
      Interval interval,
      NamespaceDefinition namespace,
      Map<Integer, List<ByteString>> keys) {
    List<CompletableFuture<QueryCountsResponse>> parts = new ArrayList<>();
    parts.add(reads.counts(namespace, metric, interval, keys));
    for (Map.Entry<Member, List<ByteString>> peer : byPeer(keys).entrySet()) {
      parts.add(
          ask(
              peer.getKey(),
              QueryCountsRequest.newBuilder()
                  .setNamespace(namespace.getName())
                  .setMetric(metric)
                  .setInterval(Intervals.toProto(interval))
                  .addAllKeys(peer.getValue())
                  .build()));
    }
    return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new))
        .thenApply(
            all -> {
              QueryCountsResponse.Builder sum = QueryCountsResponse.newBuilder();
              parts.forEach(part -> sum.mergeFrom(part.join()));
              return sum.build();
            });
  }

  private Map<Member, List<ByteString>> byPeer(Map<Integer, List<ByteString>> keys) {
    Map<Member, List<ByteString>> result = new HashMap<>();
    keys.forEach(
        (rangeId, list) -> {
          Optional<Member> peer = owners.peerServing(rangeId);
          peer.ifPresent(
              owner -> result.computeIfAbsent(owner, id -> new ArrayList<>()).addAll(list));
        });
    return result;
  }

  /** A peer that does not answer counts as ranges that are not included. */
  private CompletableFuture<QueryCountsResponse> ask(Member peer, QueryCountsRequest request) {
    return Calls.toFuture(
            peers
                .ranges(peer.getAddress())
                .withDeadlineAfter(PEER_SECONDS, TimeUnit.SECONDS)
                .queryCounts(request))
        .exceptionally(
            failure -> {
              log.info(
                  "{} at {}: no counts ({})", peer.getId(), peer.getAddress(), failure.toString());
              return QueryCountsResponse.getDefaultInstance();
            });
  }

  private static GetCountsResponse answer(
      GetCountsRequest request, AnswerLabel.Builder label, QueryCountsResponse found) {
    Map<Integer, Long> revisions = new HashMap<>();
    for (RangeRevision range : found.getRangesList()) {
      revisions.put(range.getRangeId(), range.getRevision());
    }
    if (request.getRequireComplete() && revisions.size() < label.getRangesTotal()) {
      throw incomplete(revisions.size(), label.getRangesTotal());
    }
    Map<ByteString, Long> counts = new HashMap<>();
    for (KeyCount count : found.getCountsList()) {
      counts.put(count.getKey(), count.getCount());
    }
    Qualities.label(label, found.getRangesList().stream().map(RangeRevision::getQuality).toList());
    GetCountsResponse.Builder response =
        GetCountsResponse.newBuilder()
            .setLabel(
                label
                    .setRangesIncluded(revisions.size())
                    .setRevision(revisions.values().stream().mapToLong(Long::longValue).sum()));
    for (ByteString key : request.getKeysList()) {
      Long count = counts.get(key);
      if (count != null) {
        response.addCounts(KeyCount.newBuilder().setKey(key).setCount(count));
      }
    }
    return response.build();
  }

  private static RuntimeException incomplete(int answered, int total) {
    return Errors.retryable(
        Code.UNAVAILABLE,
        ErrorReason.ERROR_REASON_INCOMPLETE,
        "ranges: " + answered + " answered (expected: " + total + ")",
        INCOMPLETE_DELAY);
  }

  static void checkKeys(List<ByteString> keys) {
    if (keys.isEmpty() || keys.size() > MAX_KEYS) {
      throw Errors.invalid(
          ErrorReason.ERROR_REASON_BAD_SIZE,
          "keys",
          "keys: " + keys.size() + " (expected: 1.." + MAX_KEYS + ")");
    }
    for (int i = 0; i < keys.size(); i++) {
      checkKey("keys[" + i + "]", keys.get(i));
    }
  }

  static void checkKey(String field, ByteString key) {
    byte[] bytes = key.toByteArray();
    String violation = KeyRules.violation(bytes, 0, bytes.length);
    if (violation != null) {
      throw Errors.invalid(ErrorReason.ERROR_REASON_BAD_KEY, field, field + ": " + violation);
    }
  }
}
