package org.tallyring.aggregator.grpc;

import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.error.Errors;

/*
 * Flow control
 * ------------
 * Each side is asked for one message at a time, and for the next one only when the other side can take
 * more. So at most one message each way is held here, however slow the slower side is, and a shard
 * that pushes back pushes back the producer.
 *
 * Both transports call in on threads of their own. One lock guards the calls on the observers, which
 * are not thread-safe; nothing blocks under it.
 */

/**
 * A bidirectional stream of a producer, handed on to one shard.
 *
 * @param <Q> what the producer sends
 * @param <R> what the shard answers
 */
final class ForwardedStream<Q, R> {

  private final ServerCallStreamObserver<R> producer;
  private final Object lock = new Object();
  private @Nullable ClientCallStreamObserver<Q> shard;
  // Whether a side has been asked for a message that has not come yet.
  private boolean producerAsked;
  private boolean shardAsked;
  private boolean ended;

  ForwardedStream(ServerCallStreamObserver<R> producer) {
    this.producer = producer;
    producer.disableAutoRequest();
    producer.setOnReadyHandler(this::askShard);
    producer.setOnCancelHandler(this::producerGone);
  }

  /** A stream of answers alone: its one request was taken already. */
  static <Q, R> ForwardedStream<Q, R> ofAnswers(ServerCallStreamObserver<R> watcher) {
    ForwardedStream<Q, R> stream = new ForwardedStream<>(watcher);
    stream.producerAsked = true;
    return stream;
  }

  /** Ends the stream because there is no shard for it. */
  void refuse(Throwable why) {
    synchronized (lock) {
      if (!ended) {
        ended = true;
        producer.onError(why);
      }
    }
  }

  private void askProducer() {
    synchronized (lock) {
      if (shard != null && shard.isReady() && !producerAsked && !ended) {
        producerAsked = true;
        producer.request(1);
      }
    }
  }

  private void askShard() {
    synchronized (lock) {
      if (shard != null && producer.isReady() && !shardAsked && !ended) {
        shardAsked = true;
        shard.request(1);
      }
    }
  }

  private void producerGone() {
    synchronized (lock) {
      ended = true;
      if (shard != null) {
        shard.cancel("the producer has gone", null);
      }
    }
  }

  /** Takes what the producer sends. */
  StreamObserver<Q> producerSide() {
    return new StreamObserver<>() {
      @Override
      public void onNext(Q message) {
        synchronized (lock) {
          producerAsked = false;
          if (shard != null && !ended) {
            shard.onNext(message);
          }
        }
        askProducer();
      }

      @Override
      public void onError(Throwable failure) {
        producerGone();
      }

      @Override
      public void onCompleted() {
        synchronized (lock) {
          if (shard != null && !ended) {
            shard.onCompleted();
          }
        }
      }
    };
  }

  /** Takes what the shard answers. */
  ClientResponseObserver<Q, R> shardSide() {
    return new ClientResponseObserver<>() {
      @Override
      public void beforeStart(ClientCallStreamObserver<Q> call) {
        call.disableAutoRequestWithInitial(1);
        call.setOnReadyHandler(ForwardedStream.this::askProducer);
        synchronized (lock) {
          shard = call;
          shardAsked = true;
        }
      }

      @Override
      public void onNext(R message) {
        synchronized (lock) {
          shardAsked = false;
          if (!ended) {
            producer.onNext(message);
          }
        }
        askShard();
      }

      @Override
      public void onError(Throwable failure) {
        refuse(Errors.fromProto(Errors.toProto(failure)));
      }

      @Override
      public void onCompleted() {
        synchronized (lock) {
          if (!ended) {
            ended = true;
            producer.onCompleted();
          }
        }
      }
    };
  }
}
