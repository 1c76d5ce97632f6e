/**
 * The client library: records increments exactly once and reads counts and rankings.
 *
 * <p>A {@linkplain org.tallyring.client.TallyringClient client} records for one namespace. It needs
 * the addresses of a few servers; everything else it learns from them. Make one and keep it:
 *
 * <pre>{@code
 * try (TallyringClient client =
 *     TallyringClient.builder()
 *         .servers("127.0.0.1:7070")
 *         .namespace("shop")
 *         .onFailure(failure -> log.warn("not recorded: {}", failure))
 *         .build()) {
 *
 *   // Fire and forget: a failure goes to onFailure, nothing is lost in silence.
 *   client.record("clicks", "product-42");
 *
 *   // With a result, an amount and a time of its own; and with an id of the event, by which it
 *   // counts once even if another process records it too.
 *   CompletableFuture<RecordResult> purchase =
 *       client.recordAsync(
 *           Increment.builder("purchases", "product-42")
 *               .delta(3)
 *               .eventTime(Instant.parse("2026-01-31T12:00:00Z"))
 *               .eventId(UUID.fromString("0f8fad5b-d9cb-469f-a165-70867728950e"))
 *               .build());
 *   purchase.join();
 *
 *   // After a flush everything recorded is durable and visible, or has failed.
 *   client.flush();
 *   long clicks = client.count("clicks", "product-42");
 *   TopK best = client.topK("clicks", WindowSelection.current(WindowLevel.HOUR), 10);
 * }
 * }</pre>
 *
 * <h2>What is promised</h2>
 *
 * <ul>
 *   <li>An increment whose future completes, or that is flushed without a failure, is durable and
 *       counts exactly once, whatever servers, connections and ranges went through meanwhile.
 *   <li>Increments of a key with one event id count once within the namespace's horizon, whatever
 *       clients record them.
 *   <li>The increments of a key that one thread records are applied in that order.
 *   <li>A failure is definite, nothing was recorded, unless {@link
 *       org.tallyring.client.TallyringException#isInDoubt()} says otherwise.
 *   <li>Memory is bounded: when {@code maxBytesInFlight} wait for their answers, recording waits
 *       too.
 * </ul>
 *
 * <h2>Packages</h2>
 *
 * <ul>
 *   <li>{@link org.tallyring.client}: what services use.
 *   <li>{@link org.tallyring.client.recording}: batches, sessions and retry.
 *   <li>{@link org.tallyring.client.topology}: who owns which range; the aggregator uses it as
 *       well.
 *   <li>{@link org.tallyring.client.channel}: connections; the aggregator uses it as well.
 *   <li>{@link org.tallyring.client.loop}: the thread and the clock behind all of this.
 * </ul>
 */
@NullMarked
package org.tallyring.client;

import org.jspecify.annotations.NullMarked;
