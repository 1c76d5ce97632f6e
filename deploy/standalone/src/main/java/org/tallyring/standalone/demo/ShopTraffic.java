package org.tallyring.standalone.demo;

import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.client.TallyringClient;
import org.tallyring.client.TallyringException;

/**
 * Visitors of a shop: they view products, click some of what they view and buy some of what they
 * click. About {@value #VIEWS_PER_SECOND} views a second, through the client that any service would
 * use.
 */
public final class ShopTraffic implements AutoCloseable {

  /** The metrics that the traffic records; they must exist. */
  public static final List<String> METRICS = List.of("views", "clicks", "purchases");

  private static final Logger log = LoggerFactory.getLogger(ShopTraffic.class);

  private static final int VIEWS_PER_SECOND = 1000;
  private static final int STEPS_PER_SECOND = 20;
  private static final double CLICKED = 0.3;
  private static final double BOUGHT = 0.1;

  private final TallyringClient client;
  private final SplittableRandom random = new SplittableRandom();
  private final Catalogue catalogue = new Catalogue(random);
  private final ScheduledExecutorService visitors =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "shop-traffic");
            thread.setDaemon(true);
            return thread;
          });

  private ShopTraffic(TallyringClient client) {
    this.client = client;
  }

  /** Starts the visitors; they stop at {@link #close}. The client stays the caller's. */
  public static ShopTraffic start(TallyringClient client) {
    ShopTraffic traffic = new ShopTraffic(client);
    traffic.visitors.scheduleAtFixedRate(
        traffic::step, 0, 1000 / STEPS_PER_SECOND, TimeUnit.MILLISECONDS);
    return traffic;
  }

  /** How many products the shop has. */
  public int products() {
    return catalogue.size();
  }

  private void step() {
    try {
      catalogue.drift(random);
      for (int i = 0; i < VIEWS_PER_SECOND / STEPS_PER_SECOND; i++) {
        visit(catalogue.draw(random));
      }
    } catch (TallyringException e) {
      log.warn("a visitor left without being counted: {}", e.getMessage());
    }
  }

  private void visit(String product) {
    client.record("views", product);
    if (random.nextDouble() < CLICKED) {
      client.record("clicks", product);
      if (random.nextDouble() < BOUGHT) {
        client.record("purchases", product);
      }
    }
  }

  @Override
  public void close() {
    visitors.shutdownNow();
  }
}
