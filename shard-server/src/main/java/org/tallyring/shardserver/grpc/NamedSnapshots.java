package org.tallyring.shardserver.grpc;

import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.NamedSnapshot;
import org.tallyring.proto.internal.v1.NamedSnapshotPart;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.SnapshotInfo;
import org.tallyring.shardserver.coordination.ConflictException;
import org.tallyring.shardserver.coordination.CoordinationException;
import org.tallyring.shardserver.coordination.SnapshotStore;
import org.tallyring.shardserver.coordination.Versioned;
import org.tallyring.shardserver.journal.SnapshotArchive;
import org.tallyring.topology.name.NameRules;

/**
 * The named snapshots of the cluster: records with the coordination service, which name their parts
 * in the archive. Blocks.
 *
 * <p>A record is written twice: without parts, which claims the name, and complete. Nobody reads
 * one that is not complete, so one that was interrupted shows only in the list, and whoever uses
 * its name next takes it over. Parts that an interrupted one had stored and could not delete any
 * more are left over: they cost bytes.
 */
final class NamedSnapshots {

  private static final Logger log = LoggerFactory.getLogger(NamedSnapshots.class);

  private final SnapshotStore store;
  private final SnapshotArchive archive;

  NamedSnapshots(SnapshotStore store, SnapshotArchive archive) {
    this.store = store;
    this.archive = archive;
  }

  SnapshotArchive archive() {
    return archive;
  }

  /** Refuses what is no name. */
  static void checkName(String name) {
    String violation = NameRules.violation("name", name);
    if (violation != null) {
      throw Errors.invalid(ErrorReason.ERROR_REASON_BAD_NAME, "name", violation);
    }
  }

  /** All of them, by name. */
  List<SnapshotInfo> list() {
    List<CompletableFuture<Versioned<NamedSnapshot>>> asked =
        Calls.reaching(store.names()).join().stream().map(store::read).toList();
    List<SnapshotInfo> found = new ArrayList<>();
    for (CompletableFuture<Versioned<NamedSnapshot>> answer : asked) {
      Versioned<NamedSnapshot> snapshot = Calls.reaching(answer).join();
      if (snapshot.version() != Versioned.ABSENT) {
        found.add(info(snapshot.value()));
      }
    }
    return found;
  }

  /** A complete one. */
  NamedSnapshot find(String name) {
    checkName(name);
    Versioned<NamedSnapshot> stored = Calls.reaching(store.read(name)).join();
    if (stored.version() == Versioned.ABSENT) {
      throw notFound(name, "an existing one; see the list");
    }
    if (!stored.value().getComplete()) {
      throw notFound(name, "one that is complete; it was interrupted, or is being made");
    }
    return stored.value();
  }

  /** Takes a name for a snapshot to be made. */
  Versioned<NamedSnapshot> claim(NamedSnapshot begun) {
    checkName(begun.getName());
    Versioned<NamedSnapshot> stored = Calls.reaching(store.read(begun.getName())).join();
    if (stored.version() != Versioned.ABSENT && stored.value().getComplete()) {
      throw Errors.of(
          Code.ALREADY_EXISTS,
          ErrorReason.ERROR_REASON_SNAPSHOT_EXISTS,
          "snapshot: " + begun.getName() + " exists (expected: a new name)");
    }
    return write(stored.version(), begun);
  }

  /** Makes a claimed one complete. */
  NamedSnapshot complete(Versioned<NamedSnapshot> claimed, List<NamedSnapshotPart> parts) {
    return write(
            claimed.version(),
            claimed.value().toBuilder().setComplete(true).addAllParts(parts).build())
        .value();
  }

  /** An answer that was lost is looked up: the id tells whose the stored one is. */
  private Versioned<NamedSnapshot> write(int version, NamedSnapshot wanted) {
    return Calls.reaching(
            store
                .compareAndSet(version, wanted)
                .exceptionallyCompose(
                    failure ->
                        store
                            .read(wanted.getName())
                            .thenApply(
                                stored -> {
                                  if (stored.value().equals(wanted)) {
                                    return stored;
                                  }
                                  throw Calls.unwrap(failure) instanceof ConflictException
                                      ? conflict(wanted.getName())
                                      : new CoordinationException("not stored", failure);
                                })))
        .join();
  }

  /** Gives a claimed one up, with the parts that it has. */
  void discard(Versioned<NamedSnapshot> claimed, List<NamedSnapshotPart> parts) {
    store
        .delete(claimed.value().getName(), claimed.version())
        .whenComplete((done, failure) -> left(claimed.value().getName(), failure));
    deleteParts(claimed.value().getName(), parts);
  }

  /** Deletes one, complete or not. */
  void delete(String name) {
    checkName(name);
    Versioned<NamedSnapshot> stored = Calls.reaching(store.read(name)).join();
    if (stored.version() == Versioned.ABSENT) {
      throw notFound(name, "an existing one; see the list");
    }
    Calls.reaching(
            store
                .delete(name, stored.version())
                .exceptionallyCompose(
                    failure ->
                        CompletableFuture.failedFuture(
                            Calls.unwrap(failure) instanceof ConflictException
                                ? conflict(name)
                                : Calls.unwrap(failure))))
        .join();
    deleteParts(name, stored.value().getPartsList());
  }

  private void deleteParts(String name, List<NamedSnapshotPart> parts) {
    for (NamedSnapshotPart part : parts) {
      if (part.hasLedger()) {
        archive.delete(part.getLedger()).whenComplete((done, failure) -> left(name, failure));
      }
    }
  }

  private static void left(String name, @Nullable Throwable failure) {
    if (failure != null) {
      log.info("snapshot {}: something of it is left over ({})", name, failure.toString());
    }
  }

  /** What people are told of a snapshot. */
  static SnapshotInfo info(NamedSnapshot snapshot) {
    return SnapshotInfo.newBuilder()
        .setName(snapshot.getName())
        .setNamespace(snapshot.getNamespace().getName())
        .setCreatedAtMillis(snapshot.getCreatedAtMillis())
        .setComplete(snapshot.getComplete())
        .setRanges(snapshot.getRangeCount())
        .setKeys(snapshot.getPartsList().stream().mapToLong(NamedSnapshotPart::getKeys).sum())
        .setBytes(
            snapshot.getPartsList().stream().mapToLong(p -> p.getLedger().getByteSize()).sum())
        .build();
  }

  private static StatusRuntimeException notFound(String name, String expected) {
    return Errors.of(
        Code.NOT_FOUND,
        ErrorReason.ERROR_REASON_SNAPSHOT_NOT_FOUND,
        "snapshot: " + name + " (expected: " + expected + ")");
  }

  static StatusRuntimeException conflict(String name) {
    return Errors.of(
        Code.ABORTED,
        ErrorReason.ERROR_REASON_SNAPSHOT_CONFLICT,
        name + ": changed by somebody else meanwhile (expected: no change; repeat the call)");
  }
}
