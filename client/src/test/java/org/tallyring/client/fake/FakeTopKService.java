package org.tallyring.client.fake;

import com.google.protobuf.ByteString;
import io.grpc.stub.StreamObserver;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.proto.v1.GetTopKRequest;
import org.tallyring.proto.v1.GetTopKResponse;
import org.tallyring.proto.v1.RankedKey;
import org.tallyring.proto.v1.TopKServiceGrpc;
import org.tallyring.proto.v1.Window;

/** Ranks all rows of a {@link FakeCluster}, as if every window were that of all time. */
final class FakeTopKService extends TopKServiceGrpc.TopKServiceImplBase {

  private final FakeCluster cluster;

  FakeTopKService(FakeCluster cluster) {
    this.cluster = cluster;
  }

  @Override
  public void getTopK(GetTopKRequest request, StreamObserver<GetTopKResponse> answer) {
    Map<String, Long> counts = new TreeMap<>();
    cluster.rows().stream()
        .filter(row -> row.metric().equals(request.getMetric()))
        .forEach(row -> counts.merge(row.key(), row.delta(), Long::sum));
    GetTopKResponse.Builder response =
        GetTopKResponse.newBuilder()
            .setLabel(
                AnswerLabel.newBuilder()
                    .setWindow(request.getWindow().getWindow())
                    .setBucket(
                        request.getWindow().hasLast()
                            ? Window.WINDOW_MINUTE
                            : Window.WINDOW_UNSPECIFIED)
                    .setExact(true)
                    .setRangesTotal(cluster.rangeCount())
                    .setRangesIncluded(cluster.rangeCount()));
    counts.entrySet().stream()
        .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
        .limit(request.getK())
        .forEach(
            entry ->
                response.addItems(
                    RankedKey.newBuilder()
                        .setRank(response.getItemsCount() + 1)
                        .setKey(ByteString.copyFromUtf8(entry.getKey()))
                        .setCount(entry.getValue())));
    answer.onNext(response.build());
    answer.onCompleted();
  }
}
