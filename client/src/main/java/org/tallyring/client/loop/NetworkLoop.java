package org.tallyring.client.loop;

import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.Epoll;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollIoHandler;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioSocketChannel;
import io.grpc.netty.shaded.io.netty.util.concurrent.FastThreadLocalThread;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The {@link EventLoop} of a thread that also serves connections, those of the channels that are
 * given to it with {@link #connect}.
 *
 * <p>What a task sends is then written by the same thread when the task is over, with what the
 * tasks behind it send, and an answer is handled by the thread that has read it. Between two
 * threads each of these is a wake-up, which for a batch of a hundred increments costs more than the
 * batch.
 */
public final class NetworkLoop implements EventLoop {

  private static final Logger logger = LoggerFactory.getLogger(EventLoop.class);

  private final String name;
  private final MultiThreadIoEventLoopGroup thread;
  private volatile boolean closed;

  private NetworkLoop(String name) {
    this.name = name;
    ThreadFactory daemon =
        task -> {
          Thread made = new FastThreadLocalThread(task, name);
          made.setDaemon(true);
          return made;
        };
    thread =
        new MultiThreadIoEventLoopGroup(
            1,
            daemon,
            Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
  }

  /** A loop on a new daemon thread of this name, with the clock of the machine. */
  public static NetworkLoop start(String threadName) {
    return new NetworkLoop(threadName);
  }

  /** Has the channel's connections served by this loop, which has to be closed after it. */
  public NettyChannelBuilder connect(NettyChannelBuilder channel) {
    return channel
        .eventLoopGroup(thread)
        .channelType(Epoll.isAvailable() ? EpollSocketChannel.class : NioSocketChannel.class);
  }

  @Override
  public void execute(Runnable task) {
    try {
      thread.execute(() -> run(task));
    } catch (RejectedExecutionException ended) {
      // As the interface says: dropped in silence.
    }
  }

  @Override
  public void schedule(Runnable task, Duration delay) {
    try {
      var unused = thread.schedule(() -> run(task), delay.toNanos(), TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException ended) {
      // As the interface says: dropped in silence.
    }
  }

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public void close() {
    closed = true;
    var unused = thread.shutdownGracefully(0, 0, TimeUnit.NANOSECONDS);
  }

  private void run(Runnable task) {
    if (closed) {
      return;
    }
    try {
      task.run();
    } catch (RuntimeException | Error defect) {
      logger.error("A task of {} failed; this is a defect, please report it.", name, defect);
    }
  }
}
