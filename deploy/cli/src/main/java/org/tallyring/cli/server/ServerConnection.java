package org.tallyring.cli.server;

import io.grpc.ConnectivityState;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.AbstractBlockingStub;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Iterator;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.tallyring.cli.config.HostPort;
import org.tallyring.cli.failure.CliException;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.AdminServiceGrpc;
import org.tallyring.proto.v1.AdminServiceGrpc.AdminServiceBlockingStub;

/**
 * A connection to the server that the command line names, usually an aggregator. Used by one
 * thread.
 *
 * <p>A person waits for the answer, so {@link #call} gives up soon, and says whether nobody answers
 * there or somebody answered with an error. {@link #callWithin} is for what must not be given up
 * lightly.
 */
public final class ServerConnection implements AutoCloseable {

  /** How long a connection may take: longer than any that comes about in the end. */
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(4);

  /** How long an answer may take: the largest request is 10,000 keys. */
  private static final Duration ANSWER_LIMIT = Duration.ofSeconds(30);

  /** How long {@link #call} repeats what the server says will work in a moment. */
  private static final Duration PASSING_LIMIT = Duration.ofSeconds(3);

  private static final Duration RETRY_DELAY = Duration.ofMillis(250);

  /** 10,000 keys of the greatest length, and their counts. */
  private static final int MAX_INBOUND_BYTES = 16 << 20;

  private final HostPort server;
  private final ManagedChannel channel;

  private ServerConnection(HostPort server, ManagedChannel channel) {
    this.server = server;
    this.channel = channel;
  }

  /** A connection that is made at the first call. */
  public static ServerConnection to(HostPort server) {
    return new ServerConnection(
        server,
        Grpc.newChannelBuilder(server.toString(), InsecureChannelCredentials.create())
            .maxInboundMessageSize(MAX_INBOUND_BYTES)
            .disableRetry()
            .build());
  }

  /** The channel, to make stubs of. */
  public ManagedChannel channel() {
    return channel;
  }

  /**
   * Makes a call.
   *
   * @throws CliException if nobody answers within seconds, or the answer is an error
   */
  public <S extends AbstractBlockingStub<S>, T> T call(S stub, Function<S, T> rpc) {
    awaitConnected(CONNECT_LIMIT);
    long giveUpAt = System.nanoTime() + PASSING_LIMIT.toNanos();
    while (true) {
      try {
        return rpc.apply(withDeadline(stub, ANSWER_LIMIT));
      } catch (StatusRuntimeException e) {
        if (Errors.retryDelayOf(e).isEmpty() || System.nanoTime() - giveUpAt >= 0) {
          throw Advice.of(server, e);
        }
        pause(Errors.retryDelayOf(e).orElse(RETRY_DELAY));
      }
    }
  }

  /** Makes a call of the admin service, as {@link #call}. */
  public <T> T admin(Function<AdminServiceBlockingStub, T> rpc) {
    return call(AdminServiceGrpc.newBlockingStub(channel), rpc);
  }

  /**
   * Makes a call that may be repeated without harm, again and again until it is answered.
   *
   * @param limit after how long to give up
   * @param onWaiting told once, when it does not work at once, why
   * @throws CliException if the answer is an error that will not pass, or none came in time
   */
  public <S extends AbstractBlockingStub<S>, T> T callWithin(
      Duration limit, S stub, Function<S, T> rpc, Consumer<CliException> onWaiting) {
    long giveUpAt = System.nanoTime() + limit.toNanos();
    boolean told = false;
    while (true) {
      Duration left = Duration.ofNanos(giveUpAt - System.nanoTime());
      CliException failure;
      try {
        awaitConnected(shorter(left, CONNECT_LIMIT));
        return rpc.apply(withDeadline(stub, shorter(left, ANSWER_LIMIT)));
      } catch (StatusRuntimeException e) {
        failure = Advice.of(server, e);
        if (!Advice.mayPass(e)) {
          throw failure;
        }
      } catch (CliException unreachable) {
        failure = unreachable;
      }
      if (!told) {
        told = true;
        onWaiting.accept(failure);
      }
      if (System.nanoTime() - giveUpAt >= 0) {
        throw failure;
      }
      pause(RETRY_DELAY);
    }
  }

  /**
   * Takes the answers of a stream as they come, without a limit of time. When the server goes away
   * the call is made again, for ever, as soon as it is back.
   *
   * @param rpc makes the call, going on where the answers taken so far ended
   * @param take takes an answer
   * @param onWaiting told when the server goes away, why
   * @throws CliException if nobody answers at first, or the stream ends with an error that will not
   *     pass
   */
  public <T> void follow(
      Supplier<Iterator<T>> rpc, Consumer<T> take, Consumer<CliException> onWaiting) {
    boolean taken = false;
    boolean told = true;
    while (true) {
      CliException failure;
      try {
        awaitConnected(CONNECT_LIMIT);
        Iterator<T> answers = rpc.get();
        while (answers.hasNext()) {
          take.accept(answers.next());
          taken = true;
          told = false;
        }
        return;
      } catch (StatusRuntimeException e) {
        failure = Advice.of(server, e);
        if (!Advice.mayPass(e)) {
          throw failure;
        }
      } catch (CliException unreachable) {
        failure = unreachable;
      }
      if (!taken) {
        throw failure;
      }
      if (!told) {
        told = true;
        onWaiting.accept(failure);
      }
      pause(RETRY_DELAY);
    }
  }

  /**
   * Takes the answers of a call that may take long and is not repeated.
   *
   * @throws CliException if nobody answers within seconds, or the answer is an error
   */
  public <T> void read(Supplier<Iterator<T>> rpc, Consumer<T> take) {
    awaitConnected(CONNECT_LIMIT);
    try {
      rpc.get().forEachRemaining(take);
    } catch (StatusRuntimeException e) {
      throw Advice.of(server, e);
    }
  }

  /**
   * Begins a call in which one message is answered after the other.
   *
   * @throws CliException if nobody answers within seconds
   */
  public <Q, R> Exchange<Q, R> exchange(Function<StreamObserver<R>, StreamObserver<Q>> rpc) {
    awaitConnected(CONNECT_LIMIT);
    return new Exchange<>(server, rpc);
  }

  private static Duration shorter(Duration one, Duration other) {
    Duration shorter = one.compareTo(other) < 0 ? one : other;
    return shorter.isNegative() ? Duration.ZERO : shorter;
  }

  private static <S extends AbstractBlockingStub<S>> S withDeadline(S stub, Duration limit) {
    return stub.withDeadlineAfter(limit.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Without it an address that swallows packets would be told from a slow answer only by time. */
  private void awaitConnected(Duration limit) {
    long giveUpAt = System.nanoTime() + limit.toNanos();
    ConnectivityState state = channel.getState(true);
    if (state == ConnectivityState.TRANSIENT_FAILURE) {
      // That is the end of an earlier attempt; this one is new.
      channel.resetConnectBackoff();
      state = ConnectivityState.CONNECTING;
    }
    while (state != ConnectivityState.READY) {
      long left = giveUpAt - System.nanoTime();
      if (state == ConnectivityState.TRANSIENT_FAILURE || left <= 0) {
        throw Advice.unreachable(server);
      }
      CountDownLatch changed = new CountDownLatch(1);
      channel.notifyWhenStateChanged(state, changed::countDown);
      try {
        changed.await(left, TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw CliException.failed("interrupted while connecting to " + server, e);
      }
      state = channel.getState(true);
    }
  }

  private static void pause(Duration pause) {
    LockSupport.parkNanos(pause.toNanos());
    if (Thread.currentThread().isInterrupted()) {
      throw CliException.failed("interrupted");
    }
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
