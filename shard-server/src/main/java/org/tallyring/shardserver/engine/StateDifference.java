package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import org.jspecify.annotations.Nullable;
import org.tallyring.topology.window.WindowLevel;

/**
 * Something that one state has and another has not, or otherwise.
 *
 * @param what what differs, for example {@code count}
 * @param namespace the namespace's name; empty for what belongs to the range as a whole
 * @param metric the metric's name; empty if it belongs to none
 * @param key the key, or the id of a session; empty if it belongs to neither
 * @param level the kind of window of a count; null if it belongs to none
 * @param startMillis the window's start
 * @param stored what the state looked at has; 0 where it has nothing
 * @param replayed what the other one has; 0 where it has nothing
 */
public record StateDifference(
    String what,
    String namespace,
    String metric,
    ByteString key,
    @Nullable WindowLevel level,
    long startMillis,
    long stored,
    long replayed) {}
