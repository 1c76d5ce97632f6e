package org.tallyring.aggregator.grpc;

import com.google.protobuf.UnsafeByteOperations;
import io.grpc.stub.StreamObserver;
import org.tallyring.aggregator.answer.TopKAnswer;
import org.tallyring.aggregator.answer.TopKAnswers;
import org.tallyring.aggregator.merge.Ranking;
import org.tallyring.proto.v1.GetTopKRequest;
import org.tallyring.proto.v1.GetTopKResponse;
import org.tallyring.proto.v1.RankedKey;
import org.tallyring.proto.v1.TopKServiceGrpc;

/** Rankings over the whole cluster. */
public final class TopKService extends TopKServiceGrpc.TopKServiceImplBase {

  private final TopKAnswers answers;

  /** A service that answers from {@code answers}. */
  public TopKService(TopKAnswers answers) {
    this.answers = answers;
  }

  @Override
  public void getTopK(GetTopKRequest request, StreamObserver<GetTopKResponse> observer) {
    UnaryReply.of(answers.answer(request).thenApply(TopKService::response), observer);
  }

  private static GetTopKResponse response(TopKAnswer answer) {
    GetTopKResponse.Builder response = GetTopKResponse.newBuilder().setLabel(answer.label());
    Ranking ranking = answer.ranking();
    for (int place = 0; place < ranking.size(); place++) {
      response.addItems(
          RankedKey.newBuilder()
              .setRank(place + 1)
              .setKey(UnsafeByteOperations.unsafeWrap(ranking.key(place)))
              .setCount(ranking.count(place)));
    }
    return response.build();
  }
}
