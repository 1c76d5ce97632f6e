package org.tallyring.shardserver.journal;

import io.netty.util.HashedWheelTimer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.apache.bookkeeper.client.BKException.BKNotEnoughBookiesException;
import org.apache.bookkeeper.client.BookiesHealthInfo;
import org.apache.bookkeeper.client.DefaultBookieAddressResolver;
import org.apache.bookkeeper.client.DistributionSchedule.WriteSet;
import org.apache.bookkeeper.client.EnsemblePlacementPolicy;
import org.apache.bookkeeper.conf.ClientConfiguration;
import org.apache.bookkeeper.discover.RegistrationClient;
import org.apache.bookkeeper.feature.FeatureProvider;
import org.apache.bookkeeper.net.BookieId;
import org.apache.bookkeeper.net.DNSToSwitchMapping;
import org.apache.bookkeeper.proto.BookieAddressResolver;
import org.apache.bookkeeper.stats.StatsLogger;
import org.jspecify.annotations.Nullable;

/**
 * Where the copies of a ledger go: {@link ZoneSpread} for BookKeeper, which makes one for each of
 * its clients, those that restore lost copies among them. Thread-safe.
 *
 * <p>BookKeeper has a policy for racks, which learns the rack of a host from a script or a table at
 * each client. Here a bookie says itself where it is ({@link BookieZone}), in one place, and two
 * bookies on one host may be in different zones.
 */
final class ZonePlacement implements EnsemblePlacementPolicy {

  private final Random random = new Random();
  private volatile Set<BookieId> writable = Set.of();
  private @Nullable RegistrationClient registration;
  private final ZoneSpread spread = new ZoneSpread(this::zone);

  private String zone(BookieId bookie) {
    return registration == null ? BookieZone.NONE : BookieZone.of(registration, bookie);
  }

  @Override
  public EnsemblePlacementPolicy initialize(
      ClientConfiguration configuration,
      Optional<DNSToSwitchMapping> racks,
      HashedWheelTimer timer,
      FeatureProvider features,
      StatsLogger stats,
      BookieAddressResolver addresses) {
    if (addresses instanceof DefaultBookieAddressResolver registered) {
      registration = registered.getRegistrationClient();
    }
    return this;
  }

  @Override
  public void uninitalize() {}

  @Override
  public Set<BookieId> onClusterChanged(Set<BookieId> nowWritable, Set<BookieId> readOnly) {
    Set<BookieId> gone = new HashSet<>(writable);
    gone.removeAll(nowWritable);
    gone.removeAll(readOnly);
    writable = Set.copyOf(nowWritable);
    return gone;
  }

  @Override
  public PlacementResult<List<BookieId>> newEnsemble(
      int ensembleSize, int copies, int acks, Map<String, byte[]> metadata, Set<BookieId> excluded)
      throws BKNotEnoughBookiesException {
    List<BookieId> ensemble = choose(excluded, List.of(), ensembleSize);
    return PlacementResult.of(ensemble, adherence(ensemble));
  }

  @Override
  public PlacementResult<BookieId> replaceBookie(
      int ensembleSize,
      int copies,
      int acks,
      Map<String, byte[]> metadata,
      List<BookieId> ensemble,
      BookieId replaced,
      Set<BookieId> excluded)
      throws BKNotEnoughBookiesException {
    List<BookieId> others = new ArrayList<>(ensemble);
    others.remove(replaced);
    Set<BookieId> without = new HashSet<>(excluded);
    without.add(replaced);
    BookieId chosen = choose(without, others, 1).get(0);
    others.add(chosen);
    return PlacementResult.of(chosen, adherence(others));
  }

  private List<BookieId> choose(Set<BookieId> excluded, List<BookieId> beside, int count)
      throws BKNotEnoughBookiesException {
    Set<BookieId> candidates = new HashSet<>(writable);
    candidates.removeAll(excluded);
    List<BookieId> chosen = spread.choose(candidates, beside, count, random);
    if (chosen.size() < count) {
      throw new BKNotEnoughBookiesException();
    }
    return chosen;
  }

  private PlacementPolicyAdherence adherence(List<BookieId> ensemble) {
    return spread.isSpread(ensemble, writable)
        ? PlacementPolicyAdherence.MEETS_STRICT
        : PlacementPolicyAdherence.FAIL;
  }

  @Override
  public PlacementPolicyAdherence isEnsembleAdheringToPlacementPolicy(
      List<BookieId> ensemble, int copies, int acks) {
    return adherence(ensemble);
  }

  @Override
  public void registerSlowBookie(BookieId bookie, long entryId) {}

  @Override
  public WriteSet reorderReadSequence(
      List<BookieId> ensemble, BookiesHealthInfo health, WriteSet copies) {
    return copies;
  }

  @Override
  public WriteSet reorderReadLACSequence(
      List<BookieId> ensemble, BookiesHealthInfo health, WriteSet copies) {
    WriteSet all = reorderReadSequence(ensemble, health, copies);
    all.addMissingIndices(ensemble.size());
    return all;
  }
}
