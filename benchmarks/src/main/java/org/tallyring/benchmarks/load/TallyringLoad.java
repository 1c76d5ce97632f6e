package org.tallyring.benchmarks.load;

import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.tallyring.client.TallyringClient;
import org.tallyring.client.WindowSelection;

/**
 * A load into a cluster.
 *
 * @param plan how much
 * @param destination where
 * @param reading what is read meanwhile
 * @param visibility whether to measure how soon the ranking shows what is acknowledged; needs the
 *     metric {@value VisibilityProbe#METRIC}
 * @param verify whether to compare every count with what was sent
 */
public record TallyringLoad(
    LoadPlan plan, Destination destination, ReadPlan reading, boolean visibility, boolean verify) {

  /**
   * Runs it.
   *
   * @param accounts what the servers have used
   * @throws org.tallyring.client.TallyringException if counts cannot be read
   * @throws InterruptedException if interrupted
   */
  public LoadReport run(Supplier<ServerFigures> accounts, LoadWatcher watcher)
      throws InterruptedException {
    Outcomes outcomes = new Outcomes();
    try (Target target = TallyringTarget.open(destination, plan.keys(), outcomes, accounts)) {
      LoadRun run = new LoadRun(plan, target, outcomes, Clock.SYSTEM, watcher);
      for (int i = 0; i < reading.readers(); i++) {
        run.beside(new TopKReader(destination, reading, i, outcomes));
      }
      if (visibility) {
        run.beside(new VisibilityProbe(destination, outcomes));
      }
      if (!verify) {
        return run.run();
      }
      try (TallyringClient client =
          TallyringClient.builder()
              .servers(destination.server())
              .namespace(destination.namespace())
              .build()) {
        return run.verifyingWith((metric, keys) -> counts(client, metric, keys)).run();
      }
    }
  }

  private Map<String, Long> counts(TallyringClient client, int metric, List<String> keys) {
    return client.count(destination.metrics().get(metric), keys, WindowSelection.allTime()).byKey();
  }
}
