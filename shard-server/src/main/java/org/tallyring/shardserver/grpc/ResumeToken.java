package org.tallyring.shardserver.grpc;

import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.StatusRuntimeException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.EventPosition;
import org.tallyring.proto.internal.v1.EventPositions;
import org.tallyring.proto.v1.ErrorReason;

/**
 * What a watcher of all ranges shows to go on where it was: the number of the last event of each
 * range, with the cluster's name and a checksum, as text that needs no quoting anywhere.
 */
final class ResumeToken {

  private static final String FIELD = "resume_token";

  private ResumeToken() {}

  /** The token of these positions: by range, the number of the last event seen. */
  static String of(String cluster, Map<Integer, Long> positions) {
    EventPositions.Builder content = EventPositions.newBuilder().setCluster(cluster);
    new TreeMap<>(positions)
        .forEach(
            (rangeId, number) ->
                content.addPositions(
                    EventPosition.newBuilder().setRangeId(rangeId).setNumber(number)));
    byte[] bytes = content.build().toByteArray();
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(
            ByteBuffer.allocate(Integer.BYTES + bytes.length)
                .putInt(checksum(bytes))
                .put(bytes)
                .array());
  }

  /**
   * The positions in a token.
   *
   * @throws StatusRuntimeException if it is not one of this cluster
   */
  static Map<Integer, Long> positions(String cluster, int rangeCount, String token) {
    EventPositions content = content(token);
    if (!content.getCluster().equals(cluster)) {
      throw bad("of the cluster " + content.getCluster() + " (expected: of " + cluster + ")");
    }
    Map<Integer, Long> positions = new TreeMap<>();
    for (EventPosition position : content.getPositionsList()) {
      if (Integer.compareUnsigned(position.getRangeId(), rangeCount) >= 0
          || position.getNumber() < 0) {
        throw bad("of another cluster (expected: of this one)");
      }
      positions.put(position.getRangeId(), position.getNumber());
    }
    return positions;
  }

  private static EventPositions content(String token) {
    try {
      ByteBuffer decoded = ByteBuffer.wrap(Base64.getUrlDecoder().decode(token));
      if (decoded.remaining() >= Integer.BYTES) {
        int expected = decoded.getInt();
        byte[] bytes =
            Arrays.copyOfRange(decoded.array(), decoded.position(), decoded.array().length);
        if (checksum(bytes) == expected) {
          return EventPositions.parseFrom(bytes);
        }
      }
    } catch (IllegalArgumentException | InvalidProtocolBufferException damaged) {
      throw damaged();
    }
    throw damaged();
  }

  private static StatusRuntimeException damaged() {
    return bad("damaged (expected: as received)");
  }

  /** The range never had as many events as the token says. */
  static StatusRuntimeException tooFar(int rangeId) {
    return bad("of another cluster, range " + rangeId + " is not that far (expected: of this one)");
  }

  private static StatusRuntimeException bad(String what) {
    return Errors.invalid(ErrorReason.ERROR_REASON_BAD_RESUME_TOKEN, FIELD, FIELD + ": " + what);
  }

  private static int checksum(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }
}
