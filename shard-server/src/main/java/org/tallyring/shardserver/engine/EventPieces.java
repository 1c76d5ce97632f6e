package org.tallyring.shardserver.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.tallyring.proto.internal.v1.SnapshotEvents;
import org.tallyring.proto.internal.v1.SnapshotFired;
import org.tallyring.proto.internal.v1.SnapshotSealing;
import org.tallyring.proto.internal.v1.SnapshotToldSpans;
import org.tallyring.proto.v1.Event;
import org.tallyring.proto.v1.EventKind;
import org.tallyring.shardserver.engine.strategy.FreezableTree;

/** What a snapshot says of events, written and read. */
final class EventPieces {

  // Bounds of what protobuf makes of one element, or of one without those in it.
  private static final int ELEMENT_OVERHEAD_BYTES = 4;
  private static final int SEALING_BYTES = 24;
  private static final int FIRED_BYTES = 96;
  private static final int SLOT_BYTES = 5;
  private static final int TOLD_BYTES = SLOT_BYTES + 10;

  private final int maxContentBytes;
  private final Consumer<SnapshotEvents> write;
  private final SnapshotEvents.Builder piece = SnapshotEvents.newBuilder();
  private int bytes;

  private EventPieces(int maxContentBytes, Consumer<SnapshotEvents> write) {
    this.maxContentBytes = maxContentBytes;
    this.write = write;
  }

  /**
   * What a state has to say of events as it is now, to be written later, also on another thread.
   *
   * @param maxContentBytes how large the content of a piece may be
   * @return writes the pieces
   */
  static Consumer<Consumer<SnapshotEvents>> cut(RangeState state, int maxContentBytes) {
    List<Consumer<EventPieces>> steps = new ArrayList<>();
    long lastNumber = state.events.lastNumber();
    long dropped = state.events.droppedThresholdNumber();
    List<Event> events = List.copyOf(state.events.thresholdEvents());
    steps.add(pieces -> pieces.addThresholds(lastNumber, dropped, events));
    for (NamespaceCounts namespace : state.namespaces.values()) {
      long uid = namespace.uid();
      long sealedUntil = namespace.sealing().untilMillis();
      steps.add(pieces -> pieces.addSealing(uid, sealedUntil));
      namespace
          .thresholds()
          .windows()
          .forEach(
              watch ->
                  watch
                      .fired()
                      .forEach(
                          (startMillis, slots) -> {
                            List<Integer> copy = List.copyOf(slots);
                            String rule = watch.rule().getName();
                            steps.add(pieces -> pieces.addFired(uid, rule, startMillis, copy));
                          }));
      namespace
          .thresholds()
          .spans()
          .forEach(
              watch -> {
                FreezableTree<Long> told = watch.frozenTold();
                steps.add(pieces -> pieces.addTold(uid, watch.rule().getName(), told));
              });
    }
    return write -> {
      EventPieces pieces = new EventPieces(maxContentBytes, write);
      steps.forEach(step -> step.accept(pieces));
      pieces.end();
    };
  }

  private void addThresholds(long lastNumber, long droppedNumber, List<Event> events) {
    piece.setLastNumber(lastNumber).setDroppedThresholdNumber(droppedNumber);
    for (Event event : events) {
      makeRoom(event.getSerializedSize() + ELEMENT_OVERHEAD_BYTES);
      piece.addThresholdEvents(event);
    }
  }

  private void addSealing(long namespaceUid, long untilMillis) {
    makeRoom(SEALING_BYTES);
    piece.addSealings(
        SnapshotSealing.newBuilder()
            .setNamespaceUid(namespaceUid)
            .setSealedUntilMillis(untilMillis));
  }

  private void addFired(long namespaceUid, String rule, long startMillis, List<Integer> slots) {
    int from = 0;
    while (from < slots.size()) {
      makeRoom(FIRED_BYTES + rule.length() + SLOT_BYTES);
      int room = (maxContentBytes - bytes) / SLOT_BYTES + 1;
      int to = Math.min(slots.size(), from + room);
      bytes += (to - from - 1) * SLOT_BYTES;
      piece.addFired(
          SnapshotFired.newBuilder()
              .setNamespaceUid(namespaceUid)
              .setRule(rule)
              .setStartMillis(startMillis)
              .addAllSlots(slots.subList(from, to)));
      from = to;
    }
  }

  private void addTold(long namespaceUid, String rule, FreezableTree<Long> ends) {
    SnapshotToldSpans.Builder told = SnapshotToldSpans.newBuilder();
    ends.forEach(
        (slot, end) -> {
          if (told.getSlotsCount() == 0 || bytes + TOLD_BYTES > maxContentBytes) {
            endTold(told);
            makeRoom(FIRED_BYTES + rule.length() + TOLD_BYTES);
            told.setNamespaceUid(namespaceUid).setRule(rule);
          } else {
            bytes += TOLD_BYTES;
          }
          told.addSlots(slot).addEndsMillis(end);
        });
    endTold(told);
  }

  private void endTold(SnapshotToldSpans.Builder told) {
    if (told.getSlotsCount() > 0) {
      piece.addToldSpans(told);
      told.clear();
    }
  }

  private void makeRoom(int needed) {
    if (bytes + needed > maxContentBytes) {
      end();
    }
    bytes += needed;
  }

  private void end() {
    if (!piece.build().equals(SnapshotEvents.getDefaultInstance())) {
      write.accept(piece.build());
    }
    piece.clear();
    bytes = 0;
  }

  /**
   * Takes a piece in; the namespaces are there already.
   *
   * @throws IllegalArgumentException if it does not fit to them
   */
  static void read(RangeState state, SnapshotEvents piece) {
    if (piece.getLastNumber() != 0) {
      state.events.restoreNumbers(piece.getLastNumber(), piece.getDroppedThresholdNumber());
    }
    for (Event event : piece.getThresholdEventsList()) {
      require(
          event.getKind() == EventKind.EVENT_KIND_THRESHOLD_EXCEEDED,
          "the snapshot keeps an event of another kind");
      state.events.restoreThreshold(event);
    }
    for (SnapshotSealing sealing : piece.getSealingsList()) {
      namespace(state, sealing.getNamespaceUid()).sealing().restore(sealing.getSealedUntilMillis());
    }
    for (SnapshotFired fired : piece.getFiredList()) {
      NamespaceCounts namespace = namespace(state, fired.getNamespaceUid());
      for (int slot : fired.getSlotsList()) {
        require(
            slot >= 0 && slot < namespace.keys().size(),
            "the snapshot has a threshold of an unknown key");
      }
      watch(namespace.thresholds().windows(), fired.getRule())
          .restore(fired.getStartMillis(), fired.getSlotsList());
    }
    for (SnapshotToldSpans told : piece.getToldSpansList()) {
      NamespaceCounts namespace = namespace(state, told.getNamespaceUid());
      SpanWatch watch = watch(namespace.thresholds().spans(), told.getRule());
      require(
          told.getSlotsCount() == told.getEndsMillisCount(),
          "the snapshot has a threshold without its time");
      for (int i = 0; i < told.getSlotsCount(); i++) {
        int slot = told.getSlots(i);
        require(
            slot >= 0 && slot < namespace.keys().size(),
            "the snapshot has a threshold of an unknown key");
        watch.restore(slot, told.getEndsMillis(i));
      }
    }
  }

  private static <W extends RuleWatch> W watch(Stream<W> watches, String rule) {
    return watches
        .filter(watch -> watch.rule().getName().equals(rule))
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException("the snapshot has an unknown rule: " + rule));
  }

  private static NamespaceCounts namespace(RangeState state, long uid) {
    NamespaceCounts namespace = state.namespaces.get(uid);
    if (namespace == null) {
      throw new IllegalArgumentException("the snapshot has events of an unknown namespace");
    }
    return namespace;
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new IllegalArgumentException(otherwise);
    }
  }
}
