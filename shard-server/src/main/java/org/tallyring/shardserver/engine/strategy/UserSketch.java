package org.tallyring.shardserver.engine.strategy;

import com.google.protobuf.ByteString;
import java.util.List;
import org.apache.datasketches.hll.HllSketch;
import org.apache.datasketches.hll.TgtHllType;
import org.apache.datasketches.hll.Union;
import org.apache.datasketches.memory.Memory;

/**
 * How many different users there were, about: HyperLogLog (P. Flajolet et al.: HyperLogLog: the
 * analysis of a near-optimal cardinality estimation algorithm, 2007) as DataSketches has it, which
 * begins exact, as a list of hashes, and turns into registers when these take less memory.
 *
 * <p>Registers have 8 bits: the type with the simplest state. Its stored form is the layout in
 * memory, bit by bit, so that replay goes on from it as if there had been no snapshot.
 */
public final class UserSketch {

  /** The logarithm of the number of registers when none is given: an error of 1.6 %. */
  public static final int DEFAULT_LOG2_REGISTERS = 12;

  /** The least one. */
  public static final int MIN_LOG2_REGISTERS = 4;

  /** The largest one: registers of 64 KiB a key and bucket. */
  public static final int MAX_LOG2_REGISTERS = 16;

  /** What the objects take besides their arrays. */
  private static final int OBJECT_BYTES = 120;

  /** HyperLogLog's error is this by the square root of the number of registers. */
  private static final double ERROR_FACTOR = 1.04;

  private final HllSketch sketch;

  /** Nobody yet. */
  public UserSketch(int log2Registers) {
    this(new HllSketch(log2Registers, TgtHllType.HLL_8));
  }

  private UserSketch(HllSketch sketch) {
    this.sketch = sketch;
  }

  /** A copy, which goes on as this one would. */
  public UserSketch copy() {
    return new UserSketch(sketch.copy());
  }

  /** The relative standard error of large numbers, also of those of unions. */
  public static double standardError(int log2Registers) {
    return ERROR_FACTOR / StrictMath.sqrt(1 << log2Registers);
  }

  /** Notes a user. */
  public void add(byte[] user) {
    sketch.update(user);
  }

  /** How many different users were noted, about. */
  public long users() {
    return Math.round(sketch.getEstimate());
  }

  /** How many different users several sketches noted together, about. */
  public static long users(int log2Registers, List<UserSketch> sketches) {
    if (sketches.size() == 1) {
      return sketches.get(0).users();
    }
    Union union = new Union(log2Registers);
    sketches.forEach(each -> union.update(each.sketch));
    return Math.round(union.getEstimate());
  }

  /** What the structures take, about. */
  public long bytes() {
    return (long) OBJECT_BYTES + sketch.getUpdatableSerializationBytes();
  }

  /** The stored form. */
  public ByteString toBytes() {
    return ByteString.copyFrom(sketch.toUpdatableByteArray());
  }

  /**
   * Reads a stored form.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static UserSketch fromBytes(ByteString bytes) {
    try {
      return new UserSketch(HllSketch.heapify(Memory.wrap(bytes.toByteArray())));
    } catch (RuntimeException damaged) {
      throw new IllegalArgumentException("a sketch of users cannot be read", damaged);
    }
  }
}
