package org.tallyring.shardserver.coordination;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tallyring.proto.internal.v1.AssignmentTarget;
import org.tallyring.proto.internal.v1.RangeRecord;
import org.tallyring.proto.v1.NamespaceDefinition;

/** What the three stores of every {@link Coordination} promise. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class StoreContractTest {

  private static final AtomicInteger NAMES = new AtomicInteger();

  private final List<Coordination> opened = new ArrayList<>();

  /** A process that joins the cluster of a name, which it creates if it does not exist. */
  abstract Coordination connectTo(String clusterName, int rangeCount);

  /** One value of a store as a process reaches it; its content is a number. */
  interface Cell {
    CompletableFuture<Versioned<Long>> read();

    CompletableFuture<Versioned<Long>> compareAndSet(int expectedVersion, long number);
  }

  enum Store {
    ASSIGNMENT {
      @Override
      Cell cell(Coordination coordination, String name) {
        AssignmentStore store = coordination.assignment();
        return cell(
            () -> store.read(),
            (version, value) ->
                store.compareAndSet(
                    version, AssignmentTarget.newBuilder().setReason(value).build()),
            AssignmentTarget::getReason);
      }
    },
    RANGES {
      @Override
      Cell cell(Coordination coordination, String name) {
        RangeStore store = coordination.ranges();
        return cell(
            () -> store.read(3),
            (version, value) ->
                store.compareAndSet(3, version, RangeRecord.newBuilder().setOwner(value).build()),
            RangeRecord::getOwner);
      }
    },
    NAMESPACES {
      @Override
      Cell cell(Coordination coordination, String name) {
        NamespaceStore store = coordination.namespaces();
        return cell(
            () -> store.read(name),
            (version, value) ->
                store.compareAndSet(
                    version,
                    NamespaceDefinition.newBuilder()
                        .setName(name)
                        .setUid(Long.parseLong(value))
                        .build()),
            definition -> definition.getUid() == 0 ? "" : Long.toString(definition.getUid()));
      }
    };

    abstract Cell cell(Coordination coordination, String name);

    private interface Reading<T> {
      CompletableFuture<Versioned<T>> read();
    }

    private interface Writing<T> {
      CompletableFuture<Versioned<T>> write(int expectedVersion, String value);
    }

    private interface Content<T> {
      String of(T value);
    }

    static <T> Cell cell(Reading<T> reading, Writing<T> writing, Content<T> content) {
      return new Cell() {
        @Override
        public CompletableFuture<Versioned<Long>> read() {
          return reading.read().thenApply(this::number);
        }

        @Override
        public CompletableFuture<Versioned<Long>> compareAndSet(int expectedVersion, long number) {
          return writing.write(expectedVersion, Long.toString(number)).thenApply(this::number);
        }

        private Versioned<Long> number(Versioned<T> stored) {
          String text = content.of(stored.value());
          return new Versioned<>(stored.version(), text.isEmpty() ? 0 : Long.parseLong(text));
        }
      };
    }
  }

  @AfterAll
  void closeAll() {
    opened.forEach(Coordination::close);
  }

  private List<Coordination> processes(int count) {
    String cluster = "store-" + NAMES.incrementAndGet();
    List<Coordination> processes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      processes.add(connectTo(cluster, CoordinationFixture.RANGES));
    }
    opened.addAll(processes);
    return processes;
  }

  private static <T> T get(CompletableFuture<T> future) {
    return CoordinationFixture.get(future);
  }

  @ParameterizedTest
  @EnumSource
  void nothingIsStoredAtFirst(Store store) {
    Cell cell = store.cell(processes(1).get(0), "shop");

    assertThat(get(cell.read())).isEqualTo(new Versioned<>(Versioned.ABSENT, 0L));
    assertThatThrownBy(() -> get(cell.compareAndSet(0, 1))).isInstanceOf(ConflictException.class);
    assertThat(get(cell.read()).version()).isEqualTo(Versioned.ABSENT);
  }

  @ParameterizedTest
  @EnumSource
  void everyChangeRaisesTheVersionByOne(Store store) {
    List<Coordination> processes = processes(2);
    Cell cell = store.cell(processes.get(0), "shop");
    Cell others = store.cell(processes.get(1), "shop");
    for (int version = 0; version < 5; version++) {
      Versioned<Long> written = new Versioned<>(version, version + 10L);
      assertThat(get(cell.compareAndSet(version - 1, version + 10))).isEqualTo(written);
      assertThat(get(cell.read())).isEqualTo(written);
    }
    assertThat(get(others.compareAndSet(4, 99))).isEqualTo(new Versioned<>(5, 99L));
  }

  @ParameterizedTest
  @EnumSource
  void anotherVersionIsAConflictAndChangesNothing(Store store) {
    Cell cell = store.cell(processes(1).get(0), "shop");
    get(cell.compareAndSet(Versioned.ABSENT, 1));
    get(cell.compareAndSet(0, 2));
    for (int version : new int[] {Versioned.ABSENT, 0, 2, 7}) {
      assertThatThrownBy(() -> get(cell.compareAndSet(version, 3)))
          .as("version %d", version)
          .isInstanceOf(ConflictException.class);
    }
    assertThat(get(cell.read())).isEqualTo(new Versioned<>(1, 2L));
  }

  @ParameterizedTest
  @EnumSource
  void oneOfManyThatCreateOrChangeAtOnceWins(Store store) {
    List<Coordination> processes = processes(3);
    for (int version = Versioned.ABSENT; version < 2; version++) {
      List<CompletableFuture<Versioned<Long>>> attempts = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        Cell cell = store.cell(processes.get(i % 3), "shop");
        attempts.add(cell.compareAndSet(version, 100 * (version + 2) + i));
      }
      List<Versioned<Long>> won = new ArrayList<>();
      for (CompletableFuture<Versioned<Long>> attempt : attempts) {
        try {
          won.add(get(attempt));
        } catch (ConflictException e) {
          assertThat(e).hasMessageNotContaining("null");
        }
      }
      assertThat(won).hasSize(1);
      assertThat(get(store.cell(processes.get(0), "shop").read())).isEqualTo(won.get(0));
    }
  }

  @ParameterizedTest
  @EnumSource
  void readAndCompareAndSetInALoopLosesNothing(Store store) {
    List<Coordination> processes = processes(3);
    List<CompletableFuture<Void>> counting = new ArrayList<>();
    for (Coordination process : processes) {
      counting.add(addOne(store.cell(process, "shop"), 10));
    }
    counting.forEach(StoreContractTest::get);

    assertThat(get(store.cell(processes.get(0), "shop").read()))
        .isEqualTo(new Versioned<>(29, 30L));
  }

  /** Adds one so many times, reading again after each conflict. */
  private static CompletableFuture<Void> addOne(Cell cell, int times) {
    if (times == 0) {
      return CompletableFuture.allOf();
    }
    return cell.read()
        .thenCompose(stored -> cell.compareAndSet(stored.version(), stored.value() + 1))
        .handle(
            (written, failure) -> {
              if (failure instanceof CompletionException e
                  && !(e.getCause() instanceof ConflictException)) {
                throw e;
              }
              return failure == null ? times - 1 : times;
            })
        .thenCompose(left -> addOne(cell, left));
  }

  @Test
  void aDeletedNamespaceIsGoneAndCanBeMadeAnew() {
    Coordination process = processes(1).get(0);
    Cell cell = Store.NAMESPACES.cell(process, "shop");
    get(cell.compareAndSet(Versioned.ABSENT, 1));
    get(cell.compareAndSet(0, 2));
    CoordinationFixture.until(() -> process.watch().view().namespaces().containsKey("shop"));
    assertThatThrownBy(() -> get(process.namespaces().delete("shop", 0)))
        .isInstanceOf(ConflictException.class);
    assertThat(get(cell.read())).isEqualTo(new Versioned<>(1, 2L));

    get(process.namespaces().delete("shop", 1));
    assertThat(get(cell.read()).version()).isEqualTo(Versioned.ABSENT);
    CoordinationFixture.until(() -> !process.watch().view().namespaces().containsKey("shop"));
    assertThatThrownBy(() -> get(process.namespaces().delete("shop", 1)))
        .isInstanceOf(ConflictException.class);
    assertThatThrownBy(() -> get(cell.compareAndSet(1, 3))).isInstanceOf(ConflictException.class);
    assertThat(get(cell.compareAndSet(Versioned.ABSENT, 4))).isEqualTo(new Versioned<>(0, 4L));
    CoordinationFixture.until(
        () -> {
          NamespaceDefinition seen = process.watch().view().namespaces().get("shop");
          return seen != null && seen.getUid() == 4;
        });
  }
}
