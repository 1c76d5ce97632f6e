package org.tallyring.systemtests.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.tallyring.systemtests.proxy.Link;

/**
 * The links between a shard and what it depends on, which can be cut one by one.
 *
 * <p>Each shard reaches the others over a loopback address of its own, on which links listen at the
 * very ports that the servers have on 127.0.0.1. ZooKeeper's address is in the shard's
 * configuration. A bookie tells everybody the same name, which each JVM looks up in a file of hosts
 * of its own: the bookie finds 127.0.0.1 there and a shard its loopback address. Clients in this
 * JVM reach a shard through an HTTP proxy, so shards are told apart without another address.
 */
public final class ClusterLinks implements AutoCloseable {

  /** 127.0.0.10 and what follows. */
  private static final int FIRST_ADDRESS = 10;

  private final Path directory;
  private final int zookeeperPort;
  private final Map<String, Integer> bookiePorts;
  private final Map<String, Link> toZookeeper = new ConcurrentHashMap<>();
  private final Map<String, List<Link>> toBookies = new ConcurrentHashMap<>();
  private final Map<String, Link> fromClients = new ConcurrentHashMap<>();
  private final Map<Integer, Integer> proxyOfPort = new ConcurrentHashMap<>();
  private final @Nullable ProxySelector before = ProxySelector.getDefault();

  ClusterLinks(Path directory, int zookeeperPort, Map<String, Integer> bookiePorts) {
    this.directory = directory;
    this.zookeeperPort = zookeeperPort;
    this.bookiePorts = bookiePorts;
    ProxySelector.setDefault(new ToShards());
  }

  /** What a shard's clients in this JVM go through; everything else goes directly. */
  private final class ToShards extends ProxySelector {
    @Override
    public List<Proxy> select(URI uri) {
      Integer proxy = proxyOfPort.get(uri.getPort());
      return List.of(
          proxy == null
              ? Proxy.NO_PROXY
              : new Proxy(
                  Proxy.Type.HTTP, new InetSocketAddress(InetAddress.getLoopbackAddress(), proxy)));
    }

    @Override
    public void connectFailed(URI uri, SocketAddress address, IOException failure) {
      // The caller is told too.
    }
  }

  /** Makes the links of a shard before it is started; nothing if they exist. */
  void add(String shard, int number, int shardPort) {
    if (toZookeeper.containsKey(shard)) {
      return;
    }
    InetAddress address = address(number);
    toZookeeper.put(shard, Link.to(address, zookeeperPort));
    List<Link> bookies = new ArrayList<>();
    bookiePorts.values().forEach(port -> bookies.add(Link.to(address, port)));
    toBookies.put(shard, bookies);
    Link clients = Link.ofHttpProxy();
    fromClients.put(shard, clients);
    proxyOfPort.put(shardPort, clients.port());
  }

  private static InetAddress address(int number) {
    try {
      return InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) (FIRST_ADDRESS + number)});
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("number: " + number + " (expected: a small one)", e);
    }
  }

  /** ZooKeeper as that shard knows it, {@code host:port}. */
  String zookeeperOf(int number) {
    return address(number).getHostAddress() + ":" + zookeeperPort;
  }

  /** How a JVM finds the bookies by their names; number 0 for the bookies themselves. */
  String hostsOption(int number) {
    String bookieAddress = number == 0 ? "127.0.0.1" : address(number).getHostAddress();
    StringBuilder hosts = new StringBuilder("127.0.0.1 localhost\n");
    try {
      hosts.append("127.0.0.1 ").append(InetAddress.getLocalHost().getHostName()).append('\n');
    } catch (UnknownHostException e) {
      // Then the processes do not know the machine by its name either.
    }
    bookiePorts
        .keySet()
        .forEach(
            bookie -> hosts.append(bookieAddress).append(' ').append(host(bookie)).append('\n'));
    Path file = directory.resolve("hosts-" + number);
    try {
      Files.writeString(file, hosts);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return "-Djdk.net.hosts.file=" + file;
  }

  /** What a bookie tells others to connect to. */
  static String host(String bookie) {
    return bookie + ".test";
  }

  /** Between a shard and ZooKeeper. */
  public Link zookeeper(String shard) {
    return link(toZookeeper, shard);
  }

  /** Between a shard and each of the bookies. */
  public List<Link> bookies(String shard) {
    return link(toBookies, shard);
  }

  /** Between this JVM and a shard. */
  public Link clients(String shard) {
    return link(fromClients, shard);
  }

  private static <L> L link(Map<String, L> links, String shard) {
    L link = links.get(shard);
    if (link == null) {
      throw new IllegalArgumentException(
          "shard: " + shard + " (expected: one of " + links.keySet() + ")");
    }
    return link;
  }

  /** Heals everything. */
  public void heal() {
    toZookeeper.values().forEach(Link::heal);
    toBookies.values().forEach(links -> links.forEach(Link::heal));
    fromClients.values().forEach(Link::heal);
  }

  @Override
  public void close() {
    ProxySelector.setDefault(before);
    toZookeeper.values().forEach(Link::close);
    toBookies.values().forEach(links -> links.forEach(Link::close));
    fromClients.values().forEach(Link::close);
  }
}
