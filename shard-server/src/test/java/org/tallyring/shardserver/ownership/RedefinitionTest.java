package org.tallyring.shardserver.ownership;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.v1.Distinct;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.proto.v1.RecordStreamResponse;
import org.tallyring.proto.v1.RecordStreamResponse.Outcome;
import org.tallyring.shardserver.engine.BatchValidator;
import org.tallyring.shardserver.engine.RangeEngine;
import org.tallyring.shardserver.engine.ReceivedBatch;
import org.tallyring.topology.range.RangeTable;

/** Definitions on their way into a range's journal. */
class RedefinitionTest {

  private static final long UID = 7;

  private final ListJournal journal = new ListJournal();
  private final RangeEngine engine = new RangeEngine(0);
  private final RangeIntake intake = intake(engine);
  private final List<Outcome> outcomes = new ArrayList<>();

  private RangeIntake intake(RangeEngine ofEngine) {
    return new RangeIntake(
        0,
        ofEngine,
        journal,
        new BatchValidator(new RangeTable(1)),
        InstantSource.fixed(Instant.parse("2024-02-29T12:00:00Z")),
        Runnable::run,
        new ShardMeters(new SimpleMeterRegistry(), "shard-1"),
        (position, entry) -> {},
        cause -> {});
  }

  private static NamespaceDefinition definition(long revision) {
    return NamespaceDefinition.newBuilder()
        .setName("shop")
        .setUid(UID)
        .setRevision(revision)
        .addMetrics(MetricDefinition.newBuilder().setName("clicks"))
        .build();
  }

  private void submit(RangeIntake to, long revision) {
    RecordBatch batch =
        RecordBatch.newBuilder()
            .setNamespace("shop")
            .addMetrics("clicks")
            .setKeys(ByteString.copyFromUtf8("a"))
            .addKeyLengths(1)
            .build();
    to.submit(
        new Submission(
            ByteString.EMPTY,
            ReceivedBatch.of(batch),
            definition(revision),
            (RecordStreamResponse response) -> outcomes.add(response.getOutcome())));
  }

  /** What the journal holds: the revision of a definition, or the number of batches. */
  private List<String> written() {
    return journal.entries.stream().map(RedefinitionTest::describe).toList();
  }

  private static String describe(JournalEntry entry) {
    return entry.hasNamespaceDefined()
        ? "revision " + entry.getNamespaceDefined().getDefinition().getRevision()
        : entry.getBatches().getBatchesCount() + " batches";
  }

  @Test
  void aDefinitionStandsBeforeTheFirstBatchUnderIt() {
    submit(intake, 1);
    submit(intake, 1);
    submit(intake, 3);
    submit(intake, 2);

    assertThat(written())
        .containsExactly(
            "revision 1", "1 batches", "1 batches", "revision 3", "1 batches", "1 batches");
    assertThat(engine.definitionRevision(UID)).isEqualTo(3);
    assertThat(outcomes).hasSize(4).containsOnly(Outcome.OUTCOME_APPLIED);
  }

  @Test
  void aDefinitionUnderWayIsQueuedOnceAndStandsAlone() {
    journal.hold();
    submit(intake, 1);
    submit(intake, 1);
    submit(intake, 2);
    submit(intake, 1);
    journal.release();

    assertThat(written()).containsExactly("revision 1", "2 batches", "revision 2", "2 batches");
    assertThat(outcomes).hasSize(4).containsOnly(Outcome.OUTCOME_APPLIED);
  }

  @Test
  void onlyNamespacesThatTheRangeHoldsAreRedefinedWithoutAWrite() {
    intake.redefineNamespaces(List.of(definition(1)));
    assertThat(written()).isEmpty();

    submit(intake, 1);
    intake.redefineNamespaces(List.of(definition(1)));
    intake.redefineNamespaces(List.of(definition(2)));
    intake.redefineNamespaces(List.of(definition(2)));

    assertThat(written()).containsExactly("revision 1", "1 batches", "revision 2");
    assertThat(engine.definitionRevision(UID)).isEqualTo(2);
  }

  @Test
  void aDeletedNamespaceIsNotDefinedAgain() {
    submit(intake, 1);
    intake.deleteNamespace(UID);
    intake.redefineNamespaces(List.of(definition(1)));

    assertThat(journal.entries).hasSize(3);
    assertThat(engine.definitionRevision(UID)).isEqualTo(RangeEngine.UNDEFINED);
  }

  @Test
  void aBatchIsJudgedByTheStrategyThatWillCountIt() {
    submit(intake, 1);
    journal.hold();
    NamespaceDefinition swapped =
        definition(2).toBuilder()
            .setMetrics(
                0,
                MetricDefinition.newBuilder()
                    .setName("clicks")
                    .setDistinct(Distinct.getDefaultInstance()))
            .build();
    intake.redefineNamespaces(List.of(swapped));
    // The definition it comes with needs no user; the one under way does.
    submit(intake, 1);
    journal.release();
    submit(intake, 1);

    assertThat(outcomes)
        .containsExactly(Outcome.OUTCOME_APPLIED, Outcome.OUTCOME_REFUSED, Outcome.OUTCOME_REFUSED);
    assertThat(written()).containsExactly("revision 1", "1 batches", "revision 2");
  }

  @Test
  void theNextOwnerDoesNotWriteWhatTheJournalHolds() {
    submit(intake, 5);
    RangeEngine replayed = new RangeEngine(0);
    List.copyOf(journal.entries).forEach(replayed::apply);

    submit(intake(replayed), 5);

    assertThat(written()).containsExactly("revision 5", "1 batches", "1 batches");
  }
}
