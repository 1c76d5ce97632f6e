package org.tallyring.shardserver.engine.strategy;

import java.util.Arrays;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Values by number, of which a frozen view costs nothing: view and tree share everything at first,
 * and what is changed afterwards is copied on its way from the root down to the value. A change
 * after a freeze so copies a few nodes of {@value #FANOUT} references and one value, once.
 *
 * <p>Nodes are made as numbers need them, so that few numbers take little memory however large they
 * are.
 *
 * @param <V> what is held; changed in place, but only after {@link #forWriting}
 */
public final class FreezableTree<V> {

  private static final int FANOUT_BITS = 5;
  private static final int FANOUT = 1 << FANOUT_BITS;
  private static final int MASK = FANOUT - 1;

  /** What a node takes. */
  private static final int NODE_BYTES = 24 + 16 + FANOUT * 4;

  private static final class Node {

    private final @Nullable Object[] children;

    /** A bit for each child that no view has, so that it may be changed in place. */
    private int owned;

    Node(@Nullable Object[] children) {
      this.children = children;
    }

    void own(int index, @Nullable Object child) {
      children[index] = child;
      owned |= 1 << index;
    }

    boolean owns(int index) {
      return (owned >>> index & 1) != 0;
    }
  }

  private final UnaryOperator<V> copy;
  private Node root = new Node(new @Nullable Object[FANOUT]);
  private boolean ownsRoot = true;

  /** How far the top index of a number is from its low end: 0 if the root holds the values. */
  private int rootShift;

  private int size;
  private int nodes = 1;

  /**
   * Nothing yet.
   *
   * @param copy makes a copy of a value, to be changed while a view has the value itself
   */
  public FreezableTree(UnaryOperator<V> copy) {
    this.copy = copy;
  }

  /** The value of a number, to be read; null if there is none. */
  @SuppressWarnings("unchecked")
  public @Nullable V get(int number) {
    if (!isWithin(number)) {
      return null;
    }
    Node node = root;
    for (int shift = rootShift; shift > 0; shift -= FANOUT_BITS) {
      Object child = node.children[number >>> shift & MASK];
      if (child == null) {
        return null;
      }
      node = (Node) child;
    }
    return (V) node.children[number & MASK];
  }

  /** The value of a number, to be changed; made if there is none. */
  @SuppressWarnings("unchecked")
  public V forWriting(int number, Supplier<V> maker) {
    Node leaf = leafForWriting(number);
    int index = number & MASK;
    V value = (V) leaf.children[index];
    if (value == null) {
      value = maker.get();
      leaf.own(index, value);
      size++;
    } else if (!leaf.owns(index)) {
      value = copy.apply(value);
      leaf.own(index, value);
    }
    return value;
  }

  /** Sets the value of a number. */
  public void put(int number, V value) {
    Node leaf = leafForWriting(number);
    size += leaf.children[number & MASK] == null ? 1 : 0;
    leaf.own(number & MASK, value);
  }

  /** Takes the value of a number away. */
  public void remove(int number) {
    if (get(number) != null) {
      leafForWriting(number).own(number & MASK, null);
      size--;
    }
  }

  /** Gives all values, by rising number. */
  public void forEach(Consumer<? super V> consumer) {
    forEach(root, rootShift, 0, consumer);
  }

  /** Takes values. */
  @FunctionalInterface
  public interface Consumer<V> {
    /** Takes one. */
    void accept(int number, V value);
  }

  @SuppressWarnings("unchecked")
  private void forEach(Node node, int shift, int first, Consumer<? super V> consumer) {
    for (int index = 0; index < FANOUT; index++) {
      Object child = node.children[index];
      int number = first | index << shift;
      if (child != null && shift == 0) {
        consumer.accept(number, (V) child);
      } else if (child != null) {
        forEach((Node) child, shift - FANOUT_BITS, number, consumer);
      }
    }
  }

  /**
   * A view of what is held now, which stays the same, also on another thread. Not to be changed.
   */
  public FreezableTree<V> frozen() {
    FreezableTree<V> view = new FreezableTree<>(copy);
    view.root = root;
    view.rootShift = rootShift;
    view.size = size;
    view.nodes = nodes;
    view.ownsRoot = false;
    ownsRoot = false;
    return view;
  }

  /** How many values there are. */
  public int size() {
    return size;
  }

  /** What the nodes take, about. */
  public long bytes() {
    return (long) nodes * NODE_BYTES;
  }

  private boolean isWithin(int number) {
    return rootShift + FANOUT_BITS >= Integer.SIZE || number >>> rootShift + FANOUT_BITS == 0;
  }

  private Node leafForWriting(int number) {
    while (!isWithin(number)) {
      Node above = new Node(new @Nullable Object[FANOUT]);
      above.own(0, root);
      above.owned = ownsRoot ? above.owned : 0;
      root = above;
      ownsRoot = true;
      rootShift += FANOUT_BITS;
      nodes++;
    }
    if (!ownsRoot) {
      root = unowned(root);
      ownsRoot = true;
    }
    Node node = root;
    for (int shift = rootShift; shift > 0; shift -= FANOUT_BITS) {
      int index = number >>> shift & MASK;
      Node child = (Node) node.children[index];
      if (child == null) {
        child = new Node(new @Nullable Object[FANOUT]);
        node.own(index, child);
        nodes++;
      } else if (!node.owns(index)) {
        child = unowned(child);
        node.own(index, child);
      }
      node = child;
    }
    return node;
  }

  /** A copy of a node that a view has too; so the view has its children as well. */
  private static Node unowned(Node node) {
    return new Node(Arrays.copyOf(node.children, FANOUT));
  }
}
