package org.tallyring.shardserver.grpc;

import io.grpc.Status.Code;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.NamedSnapshot;
import org.tallyring.proto.internal.v1.NamedSnapshotPart;
import org.tallyring.proto.internal.v1.SettleNamespaceRequest;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RestoreSnapshotRequest;
import org.tallyring.proto.v1.RestoreSnapshotResponse;
import org.tallyring.shardserver.coordination.NamespaceStore;
import org.tallyring.shardserver.coordination.Versioned;
import org.tallyring.shardserver.engine.NamespaceSplit;
import org.tallyring.shardserver.engine.strategy.Strategy;
import org.tallyring.topology.name.NameRules;
import org.tallyring.topology.range.RangeTable;

/**
 * Restores named snapshots. Blocks.
 *
 * <ol>
 *   <li><b>Stage.</b> Every key is dealt out to the range where it belongs now; the ranges journal
 *       it as a namespace of a new uid, which nobody is served of.
 *   <li><b>Switch.</b> One compare-and-set of the definition: the name means the new uid from here
 *       on. It fails if anybody changed the definition since the beginning.
 *   <li><b>Settle.</b> Each range journals the definition, and there, at one place, the new uid is
 *       served and the one it replaces is gone. A range that is not reached does so by itself, with
 *       the first batch or the next view of the cluster.
 * </ol>
 *
 * <p>Whatever ends it before the switch leaves the namespace as it was; a repeat begins with
 * another uid. What was staged is given up, or, where that cannot be told to a range any more, with
 * the next definition of the name.
 */
final class SnapshotRestoration {

  private static final Logger log = LoggerFactory.getLogger(SnapshotRestoration.class);

  private final RangeTable table;
  private final NamedSnapshots snapshots;
  private final NamespaceStore namespaces;
  private final OwnerCalls owners;
  private final Random random = new SecureRandom();

  SnapshotRestoration(
      RangeTable table, NamedSnapshots snapshots, NamespaceStore namespaces, OwnerCalls owners) {
    this.table = table;
    this.snapshots = snapshots;
    this.namespaces = namespaces;
    this.owners = owners;
  }

  /** Restores one, telling how far it is. */
  void restore(RestoreSnapshotRequest request, Consumer<RestoreSnapshotResponse> progress) {
    NamedSnapshot snapshot = snapshots.find(request.getName());
    String name =
        request.getNamespace().isEmpty()
            ? snapshot.getNamespace().getName()
            : request.getNamespace();
    String violation = NameRules.violation("namespace", name);
    if (violation != null) {
      throw Errors.invalid(ErrorReason.ERROR_REASON_BAD_NAME, "namespace", violation);
    }
    Versioned<NamespaceDefinition> stored = Calls.reaching(namespaces.read(name)).join();
    NamespaceDefinition wanted = wanted(snapshot.getNamespace(), name, stored);
    long keys;
    try {
      keys = stage(snapshot, wanted, stored, progress);
      change(stored, wanted);
    } catch (RuntimeException e) {
      giveUpUnlessStored(wanted);
      throw e;
    }
    log.info("namespace {}: restored from snapshot {}", name, snapshot.getName());
    settle(wanted);
    progress.accept(
        RestoreSnapshotResponse.newBuilder()
            .setPartsDone(snapshot.getPartsCount())
            .setPartsTotal(snapshot.getPartsCount())
            .setNamespace(name)
            .setKeys(keys)
            .build());
  }

  /** A namespace that exists keeps its definition; it must count in the same ways. */
  private NamespaceDefinition wanted(
      NamespaceDefinition ofSnapshot, String name, Versioned<NamespaceDefinition> stored) {
    long uid = random.nextLong(Long.MAX_VALUE) + 1;
    if (stored.version() == Versioned.ABSENT) {
      return ofSnapshot.toBuilder()
          .setName(name)
          .setUid(uid)
          .setRevision(1)
          .setReplacesUid(0)
          .build();
    }
    NamespaceDefinition present = stored.value();
    if (!strategies(present).equals(strategies(ofSnapshot))) {
      throw Errors.of(
          Code.FAILED_PRECONDITION,
          ErrorReason.ERROR_REASON_SNAPSHOT_MISMATCH,
          "namespace: "
              + name
              + " has the metrics "
              + strategies(present)
              + " (expected: those of the snapshot, "
              + strategies(ofSnapshot)
              + ", or a new namespace)");
    }
    return present.toBuilder()
        .setUid(uid)
        .setRevision(present.getRevision() + 1)
        .setReplacesUid(present.getUid())
        .build();
  }

  private static Map<String, Strategy> strategies(NamespaceDefinition namespace) {
    Map<String, Strategy> strategies = new HashMap<>();
    for (MetricDefinition metric : namespace.getMetricsList()) {
      strategies.put(metric.getName(), Strategy.of(metric));
    }
    return strategies;
  }

  private long stage(
      NamedSnapshot snapshot,
      NamespaceDefinition wanted,
      Versioned<NamespaceDefinition> stored,
      Consumer<RestoreSnapshotResponse> progress) {
    SnapshotStaging staging =
        new SnapshotStaging(
            table,
            owners,
            snapshot.getName(),
            // Slots and buckets are those of the definition under which all was cut.
            wanted,
            stored.version() == Versioned.ABSENT ? 0 : stored.value().getRevision());
    NamespaceSplit split = new NamespaceSplit(wanted.getName(), table, staging);
    int done = 0;
    for (NamedSnapshotPart part : snapshot.getPartsList()) {
      if (part.hasLedger()) {
        split.begin(part.getRangeId());
        try {
          snapshots.archive().read(part.getLedger()).join().forEach(split::add);
        } catch (IllegalArgumentException damaged) {
          throw Errors.of(
              Code.DATA_LOSS,
              ErrorReason.ERROR_REASON_BAD_SNAPSHOT,
              "snapshot: " + damaged.getMessage() + " (expected: as it was written)");
        }
      }
      done++;
      progress.accept(
          RestoreSnapshotResponse.newBuilder()
              .setPartsDone(done)
              .setPartsTotal(snapshot.getPartsCount())
              .build());
    }
    staging.flushAll();
    return split.keys();
  }

  /** Makes the name mean the new uid. */
  private void change(Versioned<NamespaceDefinition> stored, NamespaceDefinition wanted) {
    Calls.reaching(
            namespaces
                .compareAndSet(stored.version(), wanted)
                .exceptionallyCompose(
                    failure ->
                        namespaces
                            .read(wanted.getName())
                            .thenApply(
                                now -> {
                                  if (now.value().getUid() != wanted.getUid()) {
                                    throw NamedSnapshots.conflict("namespace: " + wanted.getName());
                                  }
                                  return now;
                                })))
        .join();
  }

  private void settle(NamespaceDefinition wanted) {
    owners.forEach(
        table.rangeCount(),
        range -> {
          SettleNamespaceRequest settle =
              SettleNamespaceRequest.newBuilder().setRangeId(range).setNamespace(wanted).build();
          owners.call(range, stub -> stub.settleNamespace(settle));
        });
  }

  /** What is the namespace already, though the answer was lost, must not be taken away again. */
  private void giveUpUnlessStored(NamespaceDefinition wanted) {
    try {
      if (namespaces.read(wanted.getName()).join().value().getUid() == wanted.getUid()) {
        return;
      }
      owners.forEach(
          table.rangeCount(),
          range -> {
            SettleNamespaceRequest giveUp =
                SettleNamespaceRequest.newBuilder()
                    .setRangeId(range)
                    .setGivenUpUid(wanted.getUid())
                    .build();
            owners.call(range, stub -> stub.settleNamespace(giveUp));
          });
    } catch (RuntimeException e) {
      log.info(
          "namespace {}: something of a restore is left in some range until the next one ({})",
          wanted.getName(),
          e.toString());
    }
  }
}
