package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.tallyring.proto.v1.RecordBatch;

/**
 * A batch as it came, with what must be known of it on its way to its range. Its columns are read
 * there ({@link BatchColumns}), and may be malformed until then.
 *
 * @param bytes a {@link RecordBatch}
 * @param namespace the namespace of its rows
 * @param rangeId the range of its keys
 * @param sequence the producer's position in the range
 * @param metrics the names of its metrics
 * @param increments how many increments its rows stand for; whatever it says, each row is at least
 *     one
 * @param hasEventIds whether it says anything of event ids
 */
public record ReceivedBatch(
    ByteString bytes,
    String namespace,
    int rangeId,
    long sequence,
    List<String> metrics,
    long increments,
    boolean hasEventIds) {

  private static final int NUMBER = WireFormat.WIRETYPE_VARINT;
  private static final int BYTES = WireFormat.WIRETYPE_LENGTH_DELIMITED;

  /** A batch that was made here. */
  public static ReceivedBatch of(RecordBatch batch) {
    try {
      return read(batch.toByteString());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("A message cannot be read back", e);
    }
  }

  /**
   * A batch that came from somewhere.
   *
   * @throws InvalidProtocolBufferException if it can be seen without its columns that it is none
   */
  public static ReceivedBatch read(ByteString bytes) throws InvalidProtocolBufferException {
    try {
      return read(bytes, bytes.newCodedInput());
    } catch (InvalidProtocolBufferException malformed) {
      throw malformed;
    } catch (IOException malformed) {
      throw new InvalidProtocolBufferException(malformed);
    }
  }

  private static ReceivedBatch read(ByteString bytes, CodedInputStream input) throws IOException {
    String namespace = "";
    int rangeId = 0;
    long sequence = 0;
    List<String> metrics = new ArrayList<>(1);
    long increments = 0;
    boolean hasEventIds = false;
    for (int tag = input.readTag(); tag != 0; tag = input.readTag()) {
      switch (tag) {
        case RecordBatch.NAMESPACE_FIELD_NUMBER << 3 | BYTES ->
            namespace = input.readStringRequireUtf8();
        case RecordBatch.RANGE_ID_FIELD_NUMBER << 3 | NUMBER -> rangeId = input.readUInt32();
        case RecordBatch.SEQUENCE_FIELD_NUMBER << 3 | NUMBER -> sequence = input.readUInt64();
        case RecordBatch.METRICS_FIELD_NUMBER << 3 | BYTES ->
            metrics.add(input.readStringRequireUtf8());
        case RecordBatch.KEY_LENGTHS_FIELD_NUMBER << 3 | BYTES -> increments += numbers(input);
        case RecordBatch.KEY_LENGTHS_FIELD_NUMBER << 3 | NUMBER -> {
          input.readUInt32();
          increments++;
        }
        case RecordBatch.REPEATS_FIELD_NUMBER << 3 | BYTES -> increments += moreThanOnes(input);
        case RecordBatch.REPEATS_FIELD_NUMBER << 3 | NUMBER ->
            increments += moreThanOne(input.readUInt32());
        case RecordBatch.EVENT_ID_LENGTHS_FIELD_NUMBER << 3 | BYTES,
            RecordBatch.EVENT_ID_LENGTHS_FIELD_NUMBER << 3 | NUMBER -> {
          hasEventIds = true;
          BatchColumns.pass(input, tag);
        }
        default -> BatchColumns.pass(input, tag);
      }
    }
    return new ReceivedBatch(
        bytes, namespace, rangeId, sequence, List.copyOf(metrics), increments, hasEventIds);
  }

  /** How many numbers a column has. */
  private static int numbers(CodedInputStream input) throws IOException {
    int outer = input.pushLimit(input.readRawVarint32());
    int numbers = 0;
    while (input.getBytesUntilLimit() > 0) {
      input.readUInt32();
      numbers++;
    }
    input.popLimit(outer);
    return numbers;
  }

  private static long moreThanOnes(CodedInputStream input) throws IOException {
    int outer = input.pushLimit(input.readRawVarint32());
    long more = 0;
    while (input.getBytesUntilLimit() > 0) {
      more += moreThanOne(input.readUInt32());
    }
    input.popLimit(outer);
    return more;
  }

  private static int moreThanOne(int repeats) {
    return repeats > 1 && repeats <= BatchColumns.MAX_REPEATS ? repeats - 1 : 0;
  }
}
