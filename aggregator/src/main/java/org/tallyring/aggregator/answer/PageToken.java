package org.tallyring.aggregator.answer;

import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.StatusRuntimeException;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.zip.CRC32;
import org.tallyring.aggregator.collect.CountedMetric;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.RankingCursor;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.ListRankingRequest;
import org.tallyring.proto.window.Intervals;

/**
 * Cursors as page tokens: a checksum, so that a token that was cut or mistyped is told from one
 * that is outdated, and the cursor, in letters that a URL needs not quote. It is no secret and no
 * proof: whoever makes one up reads a ranking that he may read anyway.
 */
final class PageToken {

  private PageToken() {}

  static String of(RankingCursor cursor) {
    byte[] content = cursor.toByteArray();
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(
            ByteBuffer.allocate(Integer.BYTES + content.length)
                .putInt(checksum(content))
                .put(content)
                .array());
  }

  /**
   * The cursor of a request's token.
   *
   * @throws io.grpc.StatusRuntimeException INVALID_ARGUMENT, if it is none, or was given out for
   *     another namespace, metric or window
   */
  static RankingCursor read(ListRankingRequest request, CountedMetric metric) {
    RankingCursor cursor = read(request.getPageToken());
    if (cursor.getNamespaceUid() != metric.namespaceUid()
        || !cursor.getMetric().equals(metric.metric())) {
      throw bad("of another namespace or metric");
    }
    if (!cursor.getWindow().equals(request.getWindow())) {
      throw bad("of another window");
    }
    return cursor;
  }

  private static RankingCursor read(String token) {
    try {
      ByteBuffer bytes = ByteBuffer.wrap(Base64.getUrlDecoder().decode(token));
      if (bytes.remaining() > Integer.BYTES) {
        int checksum = bytes.getInt();
        byte[] content = new byte[bytes.remaining()];
        bytes.get(content);
        if (checksum == checksum(content)) {
          RankingCursor cursor = RankingCursor.parseFrom(content);
          Intervals.fromProto(cursor.getInterval());
          return cursor;
        }
      }
    } catch (IllegalArgumentException
        | StatusRuntimeException
        | InvalidProtocolBufferException garbage) {
      // Told below.
    }
    throw bad("damaged");
  }

  private static int checksum(byte[] content) {
    CRC32 checksum = new CRC32();
    checksum.update(content);
    return (int) checksum.getValue();
  }

  private static RuntimeException bad(String what) {
    return Errors.invalid(
        ErrorReason.ERROR_REASON_BAD_CURSOR,
        "page_token",
        "page_token: " + what + " (expected: the next_page_token of a page of this ranking)");
  }
}
