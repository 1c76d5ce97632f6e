package org.tallyring.topology.ring;

import com.dynatrace.hash4j.hashing.Hasher64;
import com.dynatrace.hash4j.hashing.Hashing;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntPredicate;
import org.tallyring.topology.assignment.Shard;

/**
 * Consistent hashing: shards stand at many points of a circle, and a thing belongs to the first
 * shard at or after its own point.
 *
 * <p>The circle is that of 64-bit numbers. It is not the ring of key hashes: there, ranges are cut;
 * here, ranges are the things that look for a shard.
 *
 * <p>Immutable, and the same for the same shards in whatever order they are given.
 */
public final class HashRing {

  /*
   * Each shard has weight x 128 points, its virtual nodes. With v points a shard's piece of the
   * circle deviates from its share by about 1/sqrt(v) (D. Karger et al., "Consistent Hashing and
   * Random Trees", STOC 1997, for the scheme), so by some 9 % here. More points would buy little,
   * since Placement evens out the rest with quotas; far fewer would give every quota to the same
   * few neighbours of a shard that leaves.
   *
   * A shard's points depend on its id and weight alone. Hence the property that everything else
   * rests on: when a shard joins or leaves, the order of all other points stays as it is, so a
   * thing either keeps its shard or goes to (comes from) that one shard.
   *
   * Positions are compared as signed numbers. On a circle the place where counting starts has no
   * meaning, and the distance from a to b is b - a modulo 2^64 either way.
   */
  private static final int POINTS_PER_WEIGHT = 128;

  /** No shard can have this name, so no shard's point is a range's point by construction. */
  private static final String RANGE = "range/";

  private static final Hasher64 XXH3 = Hashing.xxh3_64();

  private final List<String> shards;
  private final long[] positions;
  private final int[] shardAt;

  /** The points of each shard, ascending, so that the next one is a search and not a walk. */
  private final long[][] positionsOf;

  /**
   * A ring of shards.
   *
   * @throws IllegalArgumentException if two shards have the same id
   */
  public HashRing(Collection<Shard> members) {
    List<Shard> sorted = members.stream().sorted(Comparator.comparing(Shard::id)).toList();
    shards = sorted.stream().map(Shard::id).toList();
    List<Point> points = new ArrayList<>();
    for (int shard = 0; shard < sorted.size(); shard++) {
      String id = shards.get(shard);
      if (shard > 0 && id.equals(shards.get(shard - 1))) {
        throw new IllegalArgumentException("shard: " + id + " twice (expected: distinct ids)");
      }
      for (int i = 0; i < sorted.get(shard).weight() * POINTS_PER_WEIGHT; i++) {
        points.add(new Point(position(id, i), shard));
      }
    }
    points.sort(Comparator.comparingLong(Point::position).thenComparingInt(Point::shard));
    positions = points.stream().mapToLong(Point::position).toArray();
    shardAt = points.stream().mapToInt(Point::shard).toArray();
    positionsOf = new long[shards.size()][];
    for (int shard = 0; shard < positionsOf.length; shard++) {
      positionsOf[shard] = new long[sorted.get(shard).weight() * POINTS_PER_WEIGHT];
    }
    int[] filled = new int[positionsOf.length];
    for (Point point : points) {
      positionsOf[point.shard()][filled[point.shard()]++] = point.position();
    }
  }

  /** Where a range stands on the circle. */
  public static long positionOf(int rangeId) {
    return position(RANGE, rangeId);
  }

  /** The ids of all shards, ascending; the other methods name a shard by its index in this list. */
  public List<String> shards() {
    return shards;
  }

  /** The first eligible shard from a position on, all around the circle; -1 if there is none. */
  public int firstFrom(long position, IntPredicate eligible) {
    int start = indexFrom(position);
    for (int i = 0; i < shardAt.length; i++) {
      int shard = shardAt[(start + i) % shardAt.length];
      if (eligible.test(shard)) {
        return shard;
      }
    }
    return -1;
  }

  /** How far the first point of a shard lies after a position: an unsigned number. */
  public long distance(long position, int shard) {
    long[] points = positionsOf[shard];
    int found = Arrays.binarySearch(points, position);
    int next = found < 0 ? -found - 1 : found;
    return points[next % points.length] - position;
  }

  /** The index of the first point at or after a position; the number of points if there is none. */
  private int indexFrom(long position) {
    int i = Arrays.binarySearch(positions, position);
    if (i < 0) {
      return -i - 1;
    }
    // Of several points at one position, a search may find any.
    while (i > 0 && positions[i - 1] == position) {
      i--;
    }
    return i;
  }

  private static long position(String name, int number) {
    byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
    // The zero byte ends the name, so no name with a number reads as another name with another
    // number.
    byte[] input =
        ByteBuffer.allocate(utf8.length + 1 + Integer.BYTES)
            .put(utf8)
            .put((byte) 0)
            .putInt(number)
            .array();
    return XXH3.hashBytesToLong(input);
  }

  private record Point(long position, int shard) {}
}
