package org.tallyring.shardserver.ownership;

import com.google.protobuf.ByteString;
import java.util.function.Consumer;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RecordStreamResponse;
import org.tallyring.shardserver.engine.ReceivedBatch;

/**
 * A batch on its way into a range.
 *
 * @param sessionId the producer's session; empty for no protection against repeats
 * @param batch as received
 * @param namespace the definition of the batch's namespace
 * @param reply hears what became of it, once, on the range's loop; where there is no room for it,
 *     at once
 */
public record Submission(
    ByteString sessionId,
    ReceivedBatch batch,
    NamespaceDefinition namespace,
    Consumer<RecordStreamResponse> reply) {

  int bytes() {
    return batch.bytes().size();
  }

  /** The same, with something to do when it is answered. */
  Submission beforeAnswer(Runnable step) {
    return new Submission(
        sessionId,
        batch,
        namespace,
        answer -> {
          step.run();
          reply.accept(answer);
        });
  }

  void answer(RecordStreamResponse.Builder response) {
    reply.accept(
        response
            .setSessionId(sessionId)
            .setRangeId(batch.rangeId())
            .setSequence(batch.sequence())
            .build());
  }
}
