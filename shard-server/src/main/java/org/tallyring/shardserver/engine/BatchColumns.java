package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.proto.v1.RecordBatch;

/**
 * A {@link RecordBatch} in columns that are used again for the next batch: what its generated class
 * would say, without lists that grow for each column of each batch. Until {@link BatchValidator}
 * has found nothing wrong with it, any number and any length may be anything.
 *
 * <p>It reads fields as every parser of protobuf does: in any order, columns in one piece or in
 * many, the last of several values of a field, and fields not known here not at all.
 *
 * <p>Some 70 KiB at most are kept for the next batch. Not thread-safe.
 */
public final class BatchColumns {

  /** The most increments of one row. */
  static final int MAX_REPEATS = 1_000_000;

  /** How long columns are at first. */
  static final int FIRST_ROWS = 64;

  /** How long columns stay; more than the rows of usual batches. */
  static final int MOST_KEPT_ROWS = 1024;

  private static final int MOST_KEPT_BYTES = 32 << 10;

  private static final int NUMBER = WireFormat.WIRETYPE_VARINT;
  private static final int BYTES = WireFormat.WIRETYPE_LENGTH_DELIMITED;

  final IntColumn keyLengths = new IntColumn();
  final IntColumn metricIndexes = new IntColumn();
  final LongColumn deltas = new LongColumn();
  final LongColumn timeOffsetsMillis = new LongColumn();
  final IntColumn eventIdLengths = new IntColumn();
  final IntColumn userLengths = new IntColumn();

  /**
   * How many increments each row stands for. Of a popular key a producer has many increments alike
   * in a batch. It sends them as one row, which is added to the counts once, and still is so many
   * hits to whoever counts those.
   */
  final IntColumn repeats = new IntColumn();

  final Slice keys = new Slice();
  final Slice users = new Slice();
  final Slice eventIds = new Slice();

  /** The whole message; what the slices are slices of. */
  byte[] bytes = {};

  private final List<String> metrics = new ArrayList<>();
  private String namespace = "";
  private int rangeId;
  private long sequence;
  private boolean hasBaseTime;
  private long baseTimeMillis;

  /** Where in the message the bytes of a field are. */
  static final class Slice {
    private int start;
    private int size;

    /** The place of the first byte. */
    int start() {
      return start;
    }

    /** How many there are. */
    int size() {
      return size;
    }

    private void clear() {
      start = 0;
      size = 0;
    }

    private void read(CodedInputStream input) throws IOException {
      size = input.readRawVarint32();
      start = input.getTotalBytesRead();
      input.skipRawBytes(size);
    }
  }

  /**
   * Takes another batch.
   *
   * @param batch a {@link RecordBatch}
   * @throws InvalidProtocolBufferException if it is none; what is here then has no meaning
   */
  public void read(ByteString batch) throws InvalidProtocolBufferException {
    clear();
    if (bytes.length < batch.size()) {
      bytes = new byte[batch.size()];
    }
    batch.copyTo(bytes, 0);
    CodedInputStream input = CodedInputStream.newInstance(bytes, 0, batch.size());
    try {
      for (int tag = input.readTag(); tag != 0; tag = input.readTag()) {
        read(input, tag);
      }
    } catch (InvalidProtocolBufferException malformed) {
      throw malformed;
    } catch (IOException malformed) {
      throw new InvalidProtocolBufferException(malformed);
    }
  }

  private void clear() {
    namespace = "";
    rangeId = 0;
    sequence = 0;
    metrics.clear();
    hasBaseTime = false;
    baseTimeMillis = 0;
    keyLengths.clear();
    metricIndexes.clear();
    deltas.clear();
    timeOffsetsMillis.clear();
    eventIdLengths.clear();
    userLengths.clear();
    repeats.clear();
    keys.clear();
    users.clear();
    eventIds.clear();
    if (bytes.length > MOST_KEPT_BYTES) {
      bytes = new byte[0];
    }
  }

  private void read(CodedInputStream input, int tag) throws IOException {
    switch (tag) {
      case RecordBatch.NAMESPACE_FIELD_NUMBER << 3 | BYTES ->
          namespace = input.readStringRequireUtf8();
      case RecordBatch.RANGE_ID_FIELD_NUMBER << 3 | NUMBER -> rangeId = input.readUInt32();
      case RecordBatch.SEQUENCE_FIELD_NUMBER << 3 | NUMBER -> sequence = input.readUInt64();
      case RecordBatch.METRICS_FIELD_NUMBER << 3 | BYTES ->
          metrics.add(input.readStringRequireUtf8());
      case RecordBatch.KEYS_FIELD_NUMBER << 3 | BYTES -> keys.read(input);
      case RecordBatch.KEY_LENGTHS_FIELD_NUMBER << 3 | BYTES,
          RecordBatch.KEY_LENGTHS_FIELD_NUMBER << 3 | NUMBER ->
          keyLengths.read(input, tag);
      case RecordBatch.METRIC_INDEXES_FIELD_NUMBER << 3 | BYTES,
          RecordBatch.METRIC_INDEXES_FIELD_NUMBER << 3 | NUMBER ->
          metricIndexes.read(input, tag);
      case RecordBatch.DELTAS_FIELD_NUMBER << 3 | BYTES,
          RecordBatch.DELTAS_FIELD_NUMBER << 3 | NUMBER ->
          deltas.read(input, tag);
      case RecordBatch.BASE_TIME_MILLIS_FIELD_NUMBER << 3 | NUMBER -> {
        baseTimeMillis = input.readInt64();
        hasBaseTime = true;
      }
      case RecordBatch.TIME_OFFSETS_MILLIS_FIELD_NUMBER << 3 | BYTES,
          RecordBatch.TIME_OFFSETS_MILLIS_FIELD_NUMBER << 3 | NUMBER ->
          timeOffsetsMillis.read(input, tag);
      case RecordBatch.EVENT_IDS_FIELD_NUMBER << 3 | BYTES -> eventIds.read(input);
      case RecordBatch.EVENT_ID_LENGTHS_FIELD_NUMBER << 3 | BYTES,
          RecordBatch.EVENT_ID_LENGTHS_FIELD_NUMBER << 3 | NUMBER ->
          eventIdLengths.read(input, tag);
      case RecordBatch.USERS_FIELD_NUMBER << 3 | BYTES -> users.read(input);
      case RecordBatch.USER_LENGTHS_FIELD_NUMBER << 3 | BYTES,
          RecordBatch.USER_LENGTHS_FIELD_NUMBER << 3 | NUMBER ->
          userLengths.read(input, tag);
      case RecordBatch.REPEATS_FIELD_NUMBER << 3 | BYTES,
          RecordBatch.REPEATS_FIELD_NUMBER << 3 | NUMBER ->
          repeats.read(input, tag);
      default -> pass(input, tag);
    }
  }

  /**
   * Passes over a field that is not wanted. What generated classes take must be taken here, and
   * they read a field that they do not know: a number of ten bytes that has no end is good enough
   * for {@code readInt64} sometimes, and never for {@code skipField}.
   */
  static void pass(CodedInputStream input, int tag) throws IOException {
    switch (WireFormat.getTagWireType(tag)) {
      case NUMBER -> input.readInt64();
      case BYTES -> input.skipField(tag);
      default -> {
        if (!UnknownFieldSet.newBuilder().mergeFieldFrom(tag, input)) {
          throw new InvalidProtocolBufferException("a group ends that did not begin");
        }
      }
    }
  }

  /** How many rows there are. */
  int rows() {
    return keyLengths.size();
  }

  String namespace() {
    return namespace;
  }

  int rangeId() {
    return rangeId;
  }

  long sequence() {
    return sequence;
  }

  int metricCount() {
    return metrics.size();
  }

  String metric(int index) {
    return metrics.get(index);
  }

  /** The index of a row's metric. */
  int metricIndex(int row) {
    return metricIndexes.get(row, 0);
  }

  /** What one increment of a row adds. */
  long delta(int row) {
    return deltas.get(row, 1);
  }

  /** What a row adds to a count: its delta, as often as it occurs. */
  long amount(int row) {
    return delta(row) * repeats.get(row, 1);
  }

  /** The length of a row's event id in bytes; 0 if it has none. */
  int eventIdLength(int row) {
    return eventIdLengths.get(row, 0);
  }

  /** The length of a row's user in bytes; 0 if it has none. */
  int userLength(int row) {
    return userLengths.get(row, 0);
  }

  /** Whether event times are the batch's own, and not the time at which it is accepted. */
  boolean hasBaseTime() {
    return hasBaseTime;
  }

  /** What time offsets count from in a batch that was accepted at a time. */
  long baseTimeMillis(long acceptedAtMillis) {
    return hasBaseTime ? baseTimeMillis : acceptedAtMillis;
  }

  /** What time offsets count from. */
  long baseTimeMillis(AcceptedBatch accepted) {
    return baseTimeMillis(accepted.getAcceptedAtMillis());
  }

  /** A row's event time minus the base time. */
  long timeOffsetMillis(int row) {
    return timeOffsetsMillis.get(row, 0);
  }

  /** The highest event time of a batch that was accepted at a time. */
  long highestTimeMillis(AcceptedBatch accepted) {
    if (timeOffsetsMillis.isEmpty()) {
      return baseTimeMillis(accepted);
    }
    long highest = Long.MIN_VALUE;
    for (int row = 0; row < timeOffsetsMillis.size(); row++) {
      highest = Math.max(highest, timeOffsetMillis(row));
    }
    return baseTimeMillis(accepted) + highest;
  }

  /** How many increments the rows of a valid batch stand for. */
  long increments() {
    return repeats.isEmpty() ? rows() : repeats.sum();
  }

  /**
   * The sum of the absolute values of what the rows of a valid batch add, or the largest number.
   */
  public long absoluteSum() {
    if (deltas.isEmpty()) {
      return increments();
    }
    long sum = 0;
    for (int row = 0; row < deltas.size(); row++) {
      sum = AbsoluteSum.add(sum, AbsoluteSum.of(amount(row)));
    }
    return sum;
  }

  /** A copy of some bytes of the message. */
  ByteString copy(int start, int size) {
    return ByteString.copyFrom(bytes, start, size);
  }
}
