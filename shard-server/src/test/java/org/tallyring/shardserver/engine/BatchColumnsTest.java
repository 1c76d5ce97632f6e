package org.tallyring.shardserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.function.IntUnaryOperator;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.v1.RecordBatch;

/** Whatever bytes come, the columns say what protobuf's own parser says of them. */
class BatchColumnsTest {

  private final BatchColumns columns = new BatchColumns();

  @Property(tries = 1_000)
  void columnsAreThoseOfTheGeneratedClass(@ForAll long seed) throws IOException {
    Random random = new Random(seed);
    // One after the other, so that nothing may be left of the batch before.
    for (int i = 0; i < 3; i++) {
      assertSame(bytes(random));
    }
  }

  @Test
  void aNumberWithoutAnEndIsTakenWhereTheGeneratedClassTakesIt()
      throws InvalidProtocolBufferException {
    ByteString batch = ByteString.fromHex("48a396f7f8b3e28e90f18d");
    assertThat(isReadable(batch)).isTrue();
    assertSame(batch);
  }

  @Property(tries = 2_000)
  void brokenBytesAreRefusedWhereTheGeneratedClassRefusesThem(@ForAll long seed)
      throws IOException {
    Random random = new Random(seed);
    byte[] broken = bytes(random).toByteArray();
    for (int i = random.nextInt(4); i >= 0 && broken.length > 0; i--) {
      broken[random.nextInt(broken.length)] = (byte) random.nextInt();
    }
    ByteString bytes = ByteString.copyFrom(broken, 0, random.nextInt(broken.length + 1));
    if (isReadable(bytes)) {
      assertSame(bytes);
    } else {
      assertThatThrownBy(() -> columns.read(bytes))
          .isInstanceOf(InvalidProtocolBufferException.class);
    }
  }

  @Test
  void aBatchOfUnusualSizeIsNotKept() throws InvalidProtocolBufferException {
    RecordBatch.Builder large = RecordBatch.newBuilder();
    for (int row = 0; row < 50_000; row++) {
      large.addKeyLengths(1).addDeltas(row);
    }
    columns.read(large.setKeys(ByteString.copyFrom(new byte[50_000])).build().toByteString());
    assertThat(columns.rows()).isEqualTo(50_000);
    columns.read(ByteString.EMPTY);
    assertThat(columns.bytes.length).isZero();
    assertThat(columns.rows()).isZero();
    assertThat(columns.delta(0)).isEqualTo(1);
  }

  private static boolean isReadable(ByteString bytes) {
    try {
      RecordBatch.parseFrom(bytes);
      return true;
    } catch (InvalidProtocolBufferException refused) {
      return false;
    }
  }

  private void assertSame(ByteString bytes) throws InvalidProtocolBufferException {
    RecordBatch message = RecordBatch.parseFrom(bytes);
    columns.read(bytes);
    assertThat(columns.namespace()).isEqualTo(message.getNamespace());
    assertThat(columns.rangeId()).isEqualTo(message.getRangeId());
    assertThat(columns.sequence()).isEqualTo(message.getSequence());
    assertThat(list(columns.metricCount(), columns::metric)).isEqualTo(message.getMetricsList());
    assertThat(columns.copy(columns.keys.start(), columns.keys.size()))
        .isEqualTo(message.getKeys());
    assertThat(columns.copy(columns.users.start(), columns.users.size()))
        .isEqualTo(message.getUsers());
    assertThat(columns.copy(columns.eventIds.start(), columns.eventIds.size()))
        .isEqualTo(message.getEventIds());
    assertThat(list(columns.rows(), columns.keyLengths::get))
        .isEqualTo(message.getKeyLengthsList());
    assertThat(list(columns.metricIndexes.size(), columns::metricIndex))
        .isEqualTo(message.getMetricIndexesList());
    assertThat(list(columns.deltas.size(), columns::delta)).isEqualTo(message.getDeltasList());
    assertThat(list(columns.timeOffsetsMillis.size(), columns::timeOffsetMillis))
        .isEqualTo(message.getTimeOffsetsMillisList());
    assertThat(list(columns.eventIdLengths.size(), columns::eventIdLength))
        .isEqualTo(message.getEventIdLengthsList());
    assertThat(list(columns.userLengths.size(), columns::userLength))
        .isEqualTo(message.getUserLengthsList());
    assertThat(list(columns.repeats.size(), columns.repeats::get))
        .isEqualTo(message.getRepeatsList());
    assertThat(columns.hasBaseTime()).isEqualTo(message.hasBaseTimeMillis());
    assertThat(columns.baseTimeMillis(17))
        .isEqualTo(message.hasBaseTimeMillis() ? message.getBaseTimeMillis() : 17);
    assertHead(bytes, message);
  }

  private static void assertHead(ByteString bytes, RecordBatch message)
      throws InvalidProtocolBufferException {
    ReceivedBatch head = ReceivedBatch.read(bytes);
    assertThat(head.bytes()).isEqualTo(bytes);
    assertThat(head.namespace()).isEqualTo(message.getNamespace());
    assertThat(head.rangeId()).isEqualTo(message.getRangeId());
    assertThat(head.sequence()).isEqualTo(message.getSequence());
    assertThat(head.metrics()).isEqualTo(message.getMetricsList());
    long more =
        message.getRepeatsList().stream()
            .filter(repeats -> repeats > 1 && repeats <= BatchColumns.MAX_REPEATS)
            .mapToLong(repeats -> repeats - 1)
            .sum();
    assertThat(head.increments()).isEqualTo(message.getKeyLengthsCount() + more);
    if (message.getEventIdLengthsCount() > 0) {
      assertThat(head.hasEventIds()).isTrue();
    }
  }

  private static <T> List<T> list(int size, IntFunction<T> element) {
    List<T> list = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      list.add(element.apply(i));
    }
    return list;
  }

  /** Fields in any order and more than once, columns in pieces and unpacked, unknown fields. */
  private static ByteString bytes(Random random) throws IOException {
    ByteString.Output bytes = ByteString.newOutput();
    CodedOutputStream output = CodedOutputStream.newInstance(bytes);
    for (int fields = random.nextInt(24); fields > 0; fields--) {
      writeField(output, random);
    }
    output.flush();
    return bytes.toByteString();
  }

  private static void writeField(CodedOutputStream output, Random random) throws IOException {
    int field = 1 + random.nextInt(16);
    switch (field) {
      case RecordBatch.NAMESPACE_FIELD_NUMBER, RecordBatch.METRICS_FIELD_NUMBER ->
          output.writeString(field, "m-" + random.nextInt(3));
      case RecordBatch.KEYS_FIELD_NUMBER,
          RecordBatch.EVENT_IDS_FIELD_NUMBER,
          RecordBatch.USERS_FIELD_NUMBER ->
          output.writeByteArray(field, new byte[random.nextInt(40)]);
      case RecordBatch.RANGE_ID_FIELD_NUMBER,
          RecordBatch.SEQUENCE_FIELD_NUMBER,
          RecordBatch.BASE_TIME_MILLIS_FIELD_NUMBER ->
          output.writeUInt64(field, random.nextLong());
      case RecordBatch.DELTAS_FIELD_NUMBER, RecordBatch.TIME_OFFSETS_MILLIS_FIELD_NUMBER ->
          writeColumn(output, field, random, bits -> random.nextInt() >> bits);
      // Unknown to this version.
      case 16 -> output.writeString(1_000, "later");
      default -> writeColumn(output, field, random, bits -> random.nextInt() >>> bits);
    }
  }

  private static void writeColumn(
      CodedOutputStream output, int field, Random random, IntUnaryOperator number)
      throws IOException {
    if (random.nextInt(4) == 0) {
      output.writeUInt64(field, number.applyAsInt(random.nextInt(32)));
      return;
    }
    ByteString.Output column = ByteString.newOutput();
    CodedOutputStream numbers = CodedOutputStream.newInstance(column);
    for (int i = random.nextInt(100); i > 0; i--) {
      numbers.writeUInt64NoTag(number.applyAsInt(random.nextInt(32)));
    }
    numbers.flush();
    output.writeTag(field, WireFormat.WIRETYPE_LENGTH_DELIMITED);
    output.writeByteArrayNoTag(column.toByteString().toByteArray());
  }
}
