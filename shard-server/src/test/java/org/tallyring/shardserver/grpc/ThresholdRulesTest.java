package org.tallyring.shardserver.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.ThresholdRule;
import org.tallyring.proto.v1.Window;

class ThresholdRulesTest {

  private final MapStore store = new MapStore();
  private final NamespaceEditor editor = new NamespaceEditor(store);

  private static ThresholdRule.Builder rule(String name) {
    return ThresholdRule.newBuilder()
        .setName(name)
        .setMetric("clicks")
        .setWindow(Window.WINDOW_DAY)
        .setLimit(10);
  }

  @BeforeEach
  void create() {
    NamespaceDefinition.Builder shop = NamespaceDefinition.newBuilder().setName("shop");
    shop.addMetricsBuilder().setName("clicks");
    shop.addMetricsBuilder().setName("pings").getFixedWindowBuilder().setBucketMillis(10_000);
    shop.addMetricsBuilder().setName("hits").getSlidingWindowBuilder().setHorizonMillis(600_000);
    shop.addMetricsBuilder().setName("users").getDistinctBuilder();
    shop.addMetricsBuilder().setName("best").getHeavyHittersBuilder();
    editor.create(shop.build()).join();
  }

  private NamespaceDefinition shop() {
    return store.read("shop").join().value();
  }

  private static Throwable failureOf(Callable<CompletableFuture<?>> call) {
    return Calls.unwrap(catchThrowable(() -> call.call().join()));
  }

  @Test
  void aRuleIsAddedReplacedInItsPlaceAndRemovedAndEachChangeRaisesTheRevision() {
    editor.setRule("shop", rule("a").build()).join();
    editor.setRule("shop", rule("b").build()).join();
    NamespaceDefinition replaced = editor.setRule("shop", rule("a").setLimit(5).build()).join();

    assertThat(replaced.getRulesList())
        .containsExactly(rule("a").setLimit(5).build(), rule("b").build());
    assertThat(replaced.getRevision()).isEqualTo(4);
    assertThat(editor.setRule("shop", rule("b").build()).join()).isEqualTo(replaced);

    NamespaceDefinition removed = editor.deleteRule("shop", "a").join();
    assertThat(removed.getRulesList()).containsExactly(rule("b").build());
    assertThat(removed.getRevision()).isEqualTo(5);
  }

  @Test
  void aNamespaceMayBeCreatedWithRules() {
    NamespaceDefinition wanted =
        NamespaceDefinition.newBuilder().setName("news").addRules(rule("a")).build();

    assertThat(editor.create(wanted).join().getRulesList()).containsExactly(rule("a").build());
    assertThat(
            Errors.reasonOf(
                failureOf(
                    () ->
                        editor.create(
                            wanted.toBuilder().setName("twice").addRules(rule("a")).build()))))
        .isEqualTo(ErrorReason.ERROR_REASON_BAD_RULE);
  }

  static Stream<Arguments> badRules() {
    return Stream.of(
        bad(ErrorReason.ERROR_REASON_BAD_RULE, rule -> rule.clearLimit()),
        bad(ErrorReason.ERROR_REASON_BAD_RULE, rule -> rule.setLimit(-1)),
        bad(ErrorReason.ERROR_REASON_BAD_RULE, rule -> rule.setRearmBelow(11)),
        bad(ErrorReason.ERROR_REASON_BAD_RULE, rule -> rule.clearWindow()),
        bad(ErrorReason.ERROR_REASON_BAD_RULE, rule -> rule.setWindow(Window.WINDOW_MINUTE)),
        bad(ErrorReason.ERROR_REASON_BAD_RULE, rule -> rule.setWindowValue(99)),
        bad(ErrorReason.ERROR_REASON_BAD_RULE, rule -> rule.setSpanMillis(300_000)),
        badSpan(rule -> rule.setSpanMillis(59_999)),
        badSpan(rule -> rule.setSpanMillis(-60_000)),
        badSpan(rule -> rule.setSpanMillis(86_400_001)),
        badSpan(rule -> rule.setSpanMillis(Long.MAX_VALUE)),
        badSpan(rule -> rule.setRearmBelow(0)),
        badSpan(rule -> rule.clearLimit()),
        badSpan(rule -> rule.setMetric("pings").setSpanMillis(9_999)),
        // 1,440 buckets of 10 s.
        badSpan(rule -> rule.setMetric("pings").setSpanMillis(14_400_001)),
        badSpan(rule -> rule.setMetric("hits").setSpanMillis(600_001)),
        badSpan(rule -> rule.setMetric("users")),
        badSpan(rule -> rule.setMetric("best")),
        bad(ErrorReason.ERROR_REASON_BAD_RULE, rule -> rule.setMetric("best")),
        bad(
            ErrorReason.ERROR_REASON_BAD_RULE,
            rule -> rule.setMetric("hits").setWindow(Window.WINDOW_HOUR)),
        bad(ErrorReason.ERROR_REASON_METRIC_NOT_FOUND, rule -> rule.setMetric("views")),
        bad(ErrorReason.ERROR_REASON_METRIC_NOT_FOUND, rule -> rule.clearMetric()),
        bad(ErrorReason.ERROR_REASON_BAD_NAME, rule -> rule.clearName()),
        bad(
            ErrorReason.ERROR_REASON_BAD_KEY,
            rule -> rule.setKey(ByteString.copyFromUtf8("a\nb"))));
  }

  private static Arguments badSpan(Consumer<ThresholdRule.Builder> change) {
    return bad(
        ErrorReason.ERROR_REASON_BAD_RULE,
        rule -> change.accept(rule.clearWindow().setSpanMillis(300_000)));
  }

  private static Arguments bad(ErrorReason reason, Consumer<ThresholdRule.Builder> change) {
    ThresholdRule.Builder rule = rule("a");
    change.accept(rule);
    return Arguments.of(reason, rule.build());
  }

  @ParameterizedTest
  @MethodSource("badRules")
  void aRuleThatMakesNoSenseIsRefusedAndChangesNothing(ErrorReason reason, ThresholdRule rule) {
    NamespaceDefinition before = shop();

    Throwable failure = failureOf(() -> editor.setRule("shop", rule));

    assertThat(Errors.reasonOf(failure)).isEqualTo(reason);
    assertThat(failure).hasMessageContaining("(expected: ");
    assertThat(shop()).isEqualTo(before);
  }

  @Test
  void aRuleMayBeAboutASpanThatTheMetricHas() {
    for (ThresholdRule.Builder rule :
        List.of(
            rule("a").clearWindow().setSpanMillis(86_400_000),
            rule("b").clearWindow().setSpanMillis(60_000).setRearmBelow(1),
            rule("c").clearWindow().setMetric("pings").setSpanMillis(10_000),
            rule("d").clearWindow().setMetric("hits").setSpanMillis(1),
            rule("e").clearWindow().setMetric("hits").setSpanMillis(600_000),
            rule("f").setMetric("hits").setWindow(Window.WINDOW_ALL),
            rule("g").setMetric("users"))) {
      assertThat(editor.setRule("shop", rule.build()).join().getRulesList()).contains(rule.build());
    }
  }

  @Test
  void aSwapThatARuleDoesNotAllowIsRefused() {
    editor.setRule("shop", rule("a").clearWindow().setSpanMillis(60_000).build()).join();
    NamespaceDefinition before = shop();
    MetricDefinition.Builder users = MetricDefinition.newBuilder().setName("clicks");
    users.getDistinctBuilder();

    Throwable failure = failureOf(() -> editor.swapMetric("shop", users.build()));

    assertThat(Errors.reasonOf(failure)).isEqualTo(ErrorReason.ERROR_REASON_BAD_RULE);
    assertThat(shop()).isEqualTo(before);
  }

  @Test
  void thereAreAtMostSixtyFourRules() {
    for (int i = 0; i < 64; i++) {
      editor.setRule("shop", rule("r" + i).build()).join();
    }

    assertThat(Errors.reasonOf(failureOf(() -> editor.setRule("shop", rule("more").build()))))
        .isEqualTo(ErrorReason.ERROR_REASON_BAD_RULE);
  }

  @Test
  void aRuleThatIsNotThereCannotBeRemoved() {
    Throwable failure = failureOf(() -> editor.deleteRule("shop", "a"));

    assertThat(Errors.reasonOf(failure)).isEqualTo(ErrorReason.ERROR_REASON_BAD_RULE);
    assertThat(Status.fromThrowable(failure).getCode()).isEqualTo(Status.Code.NOT_FOUND);
    assertThat(Errors.reasonOf(failureOf(() -> editor.deleteRule("nowhere", "a"))))
        .isEqualTo(ErrorReason.ERROR_REASON_NAMESPACE_NOT_FOUND);
  }
}
