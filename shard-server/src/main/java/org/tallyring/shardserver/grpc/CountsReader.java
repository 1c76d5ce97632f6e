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
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.GetCountsRequest;
import org.tallyring.proto.v1.GetCountsResponse;
import org.tallyring.proto.v1.KeyCount;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.topology.name.KeyRules;

/**
 * Answers GetCounts for any keys: from the ranges held here and from the shards that hold the
 * others.
 */
final class CountsReader {

  private static final Logger log = LoggerFactory.getLogger(CountsReader.class);

  private static final int MAX_KEYS = 10_000;
  private static final long PEER_SECONDS = 5;
  private static final Duration INCOMPLETE_DELAY = Duration.ofMillis(200);

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
    WindowSelection.level(request.getWindow().getWindow());
    long now = clock.millis();
    return namespaces
        .findWithMetric(request.getNamespace(), request.getMetric())
        .thenCompose(namespace -> counts(request, namespace, now));
  }

  private CompletableFuture<GetCountsResponse> counts(
      GetCountsRequest request, NamespaceDefinition namespace, long now) {
    WindowSelection window =
        WindowSelection.of(request.getWindow(), now, Namespaces.latenessMillis(namespace));
    Map<Integer, List<ByteString>> keys = reads.byRange(namespace.getName(), request.getKeysList());
    List<CompletableFuture<QueryCountsResponse>> parts = new ArrayList<>();
    parts.add(reads.counts(namespace, request.getMetric(), window.interval(), keys));
    for (Map.Entry<Member, List<ByteString>> peer : byPeer(keys).entrySet()) {
      parts.add(
          ask(
              peer.getKey(),
              QueryCountsRequest.newBuilder()
                  .setNamespace(namespace.getName())
                  .setMetric(request.getMetric())
                  .setInterval(Intervals.toProto(window.interval()))
                  .addAllKeys(peer.getValue())
                  .build()));
    }
    return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new))
        .thenApply(
            all -> {
              QueryCountsResponse.Builder sum = QueryCountsResponse.newBuilder();
              parts.forEach(part -> sum.mergeFrom(part.join()));
              AnswerLabel.Builder label =
                  window
                      .label()
                      .setAsOfTime(WindowSelection.timestamp(now))
                      .setRangesTotal(keys.size());
              return answer(request, label, sum.build());
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
      throw Errors.retryable(
          Code.UNAVAILABLE,
          ErrorReason.ERROR_REASON_INCOMPLETE,
          "ranges: " + revisions.size() + " answered (expected: " + label.getRangesTotal() + ")",
          INCOMPLETE_DELAY);
    }
    Map<ByteString, Long> counts = new HashMap<>();
    for (KeyCount count : found.getCountsList()) {
      counts.put(count.getKey(), count.getCount());
    }
    Qualities.label(label, found.getRangesList());
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

  static void checkKeys(List<ByteString> keys) {
    if (keys.isEmpty() || keys.size() > MAX_KEYS) {
      throw Errors.invalid(
          ErrorReason.ERROR_REASON_BAD_SIZE,
          "keys",
          "keys: " + keys.size() + " (expected: 1.." + MAX_KEYS + ")");
    }
    for (int i = 0; i < keys.size(); i++) {
      byte[] key = keys.get(i).toByteArray();
      String violation = KeyRules.violation(key, 0, key.length);
      if (violation != null) {
        throw Errors.invalid(
            ErrorReason.ERROR_REASON_BAD_KEY, "keys[" + i + "]", "keys[" + i + "]: " + violation);
      }
    }
  }
}
