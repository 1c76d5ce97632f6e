package org.tallyring.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.tallyring.proto.v1.AdminServiceGrpc;
import org.tallyring.proto.v1.CreateNamespaceRequest;
import org.tallyring.proto.v1.Event;
import org.tallyring.proto.v1.EventKind;
import org.tallyring.proto.v1.Increment;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RecordRequest;
import org.tallyring.proto.v1.WatchEventsRequest;
import org.tallyring.proto.v1.WatchEventsResponse;
import org.tallyring.systemtests.cluster.Standalone;
import org.tallyring.systemtests.driver.Tally;
import org.tallyring.systemtests.process.Processes;

/** Thresholds and those who watch them, when the whole cluster dies in between. */
final class EventsIT {

  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final String NAMESPACE = "events";

  @RegisterExtension static final Processes processes = new Processes();

  /** A watcher of one namespace's thresholds. */
  private static final class Watcher implements StreamObserver<WatchEventsResponse> {
    final List<WatchEventsResponse> messages = new CopyOnWriteArrayList<>();
    final CompletableFuture<Void> end = new CompletableFuture<>();

    Watcher(AdminServiceGrpc.AdminServiceStub admin, String token, EventKind kind) {
      admin.watchEvents(
          WatchEventsRequest.newBuilder()
              .setNamespace(NAMESPACE)
              .addKinds(kind)
              .setResumeToken(token)
              .build(),
          this);
    }

    List<Event> events() {
      return messages.stream().flatMap(message -> message.getEventsList().stream()).toList();
    }

    String token() {
      return messages.stream()
          .map(WatchEventsResponse::getResumeToken)
          .filter(token -> !token.isEmpty())
          .reduce("", (earlier, later) -> later);
    }

    @Override
    public void onNext(WatchEventsResponse message) {
      messages.add(message);
    }

    @Override
    public void onError(Throwable failure) {
      end.completeExceptionally(failure);
    }

    @Override
    public void onCompleted() {
      end.complete(null);
    }
  }

  private static void record(Standalone cluster, String key, long delta) {
    cluster
        .api()
        .counters()
        .record(
            RecordRequest.newBuilder()
                .setNamespace(NAMESPACE)
                .addIncrements(
                    Increment.newBuilder()
                        .setKey(ByteString.copyFromUtf8(key))
                        .setMetric("clicks")
                        .setDelta(delta))
                .build());
  }

  @Test
  void aThresholdIsToldOnceThoughTheClusterDiesAfterItsCrossing() {
    try (Standalone cluster = Standalone.start(processes)) {
      cluster
          .api()
          .admin()
          .createNamespace(
              CreateNamespaceRequest.newBuilder()
                  .setNamespace(NamespaceDefinition.newBuilder().setName(NAMESPACE))
                  .build());
      record(cluster, "sku-1", 3);
      Watcher definitions =
          new Watcher(cluster.api().adminStream(), "", EventKind.EVENT_KIND_METRICS_UPDATED);
      Watcher before =
          new Watcher(cluster.api().adminStream(), "", EventKind.EVENT_KIND_THRESHOLD_EXCEEDED);
      await().atMost(LIMIT).until(() -> !definitions.token().isEmpty());
      await().atMost(LIMIT).until(() -> !before.token().isEmpty());

      Tally.Outcome set =
          cluster
              .tally()
              .run(
                  "threshold",
                  "set",
                  "busy",
                  "--namespace",
                  NAMESPACE,
                  "--window",
                  "all",
                  "--limit",
                  "10");
      assertThat(set.exitCode()).as(set.stderr()).isZero();
      await().atMost(LIMIT).until(() -> !definitions.events().isEmpty());
      record(cluster, "sku-1", 6);
      String token = before.token();
      record(cluster, "sku-1", 1);
      await().atMost(LIMIT).until(() -> before.events().size() == 1);
      assertThat(before.token()).isNotEqualTo(token);

      cluster.process().kill9();
      await().atMost(LIMIT).until(() -> before.end.isDone() && definitions.end.isDone());
      cluster.restart();

      // One watcher goes on from before the event, the other from after it.
      Watcher again =
          new Watcher(cluster.api().adminStream(), token, EventKind.EVENT_KIND_THRESHOLD_EXCEEDED);
      Watcher after =
          new Watcher(
              cluster.api().adminStream(), before.token(), EventKind.EVENT_KIND_THRESHOLD_EXCEEDED);
      await().atMost(LIMIT).until(() -> again.events().size() == 1);
      assertThat(again.events()).isEqualTo(before.events());
      Event event = again.events().get(0);
      assertThat(event.getKey().toStringUtf8()).isEqualTo("sku-1");
      assertThat(event.getThresholdExceeded().getCount()).isEqualTo(10);

      // Falls below and crosses again: both learn of that, and of nothing else.
      record(cluster, "sku-1", -4);
      record(cluster, "sku-1", 4);
      await().atMost(LIMIT).until(() -> after.events().size() == 1);
      await().atMost(LIMIT).until(() -> again.events().size() == 2);
      assertThat(after.events().get(0)).isEqualTo(again.events().get(1));
      assertThat(after.events().get(0).getNumber()).isGreaterThan(event.getNumber());
      assertThat(again.messages).allMatch(message -> message.getGapsCount() == 0);
    }
  }
}
