package org.tallyring.shardserver.journal;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;

/** A state that is the list of all entries; its snapshot has each of them as a chunk. */
final class RecordingReplay implements JournalReplay {

  final List<String> state = new ArrayList<>();
  final List<Position> replayed = new ArrayList<>();
  int restores;

  @Override
  public void restore(List<byte[]> chunks) {
    restores++;
    state.clear();
    chunks.forEach(chunk -> state.add(new String(chunk, UTF_8)));
  }

  @Override
  public void replay(Position position, byte[] entry) {
    replayed.add(position);
    state.add(new String(entry, UTF_8));
  }

  static List<byte[]> snapshotOf(List<String> state) {
    return state.stream().map(entry -> entry.getBytes(UTF_8)).toList();
  }
}
