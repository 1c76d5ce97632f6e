package org.tallyring.shardserver.grpc;

import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.tallyring.proto.internal.v1.CutNamespaceRequest;
import org.tallyring.proto.internal.v1.NamedSnapshot;
import org.tallyring.proto.internal.v1.NamedSnapshotPart;
import org.tallyring.proto.namespace.Namespaces;
import org.tallyring.proto.v1.CreateSnapshotRequest;
import org.tallyring.proto.v1.CreateSnapshotResponse;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.shardserver.coordination.Versioned;
import org.tallyring.topology.range.RangeTable;

/** Makes named snapshots: has every range cut by its owner. Blocks. */
final class SnapshotCreation {

  private final RangeTable table;
  private final NamedSnapshots snapshots;
  private final NamespaceDirectory namespaces;
  private final OwnerCalls owners;
  private final InstantSource clock;
  private final Random random = new SecureRandom();

  SnapshotCreation(
      RangeTable table,
      NamedSnapshots snapshots,
      NamespaceDirectory namespaces,
      OwnerCalls owners,
      InstantSource clock) {
    this.table = table;
    this.snapshots = snapshots;
    this.namespaces = namespaces;
    this.owners = owners;
    this.clock = clock;
  }

  /** Makes one, telling how far it is. */
  void create(CreateSnapshotRequest request, Consumer<CreateSnapshotResponse> progress) {
    NamedSnapshots.checkName(request.getName());
    String name = request.getNamespace();
    NamespaceDefinition namespace =
        namespaces.findStored(name.isEmpty() ? Namespaces.DEFAULT : name).join().value();
    Versioned<NamedSnapshot> claimed =
        snapshots.claim(
            NamedSnapshot.newBuilder()
                .setId(random.nextLong())
                .setName(request.getName())
                .setNamespace(namespace)
                .setCreatedAtMillis(clock.millis())
                .setRangeCount(table.rangeCount())
                .build());
    List<NamedSnapshotPart> parts = Collections.synchronizedList(new ArrayList<>());
    try {
      owners.forEach(
          table.rangeCount(),
          range -> {
            CutNamespaceRequest cut =
                CutNamespaceRequest.newBuilder().setRangeId(range).setNamespace(namespace).build();
            parts.add(owners.call(range, stub -> stub.cutNamespace(cut)).getPart());
            progress.accept(progress(parts.size()).build());
          });
      List<NamedSnapshotPart> ordered = new ArrayList<>(parts);
      ordered.sort((a, b) -> Integer.compare(a.getRangeId(), b.getRangeId()));
      NamedSnapshot done = snapshots.complete(claimed, ordered);
      progress.accept(progress(ordered.size()).setSnapshot(NamedSnapshots.info(done)).build());
    } catch (RuntimeException e) {
      snapshots.discard(claimed, parts);
      throw e;
    }
  }

  private CreateSnapshotResponse.Builder progress(int done) {
    return CreateSnapshotResponse.newBuilder()
        .setRangesDone(done)
        .setRangesTotal(table.rangeCount());
  }
}
