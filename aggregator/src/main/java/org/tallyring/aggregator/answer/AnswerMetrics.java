package org.tallyring.aggregator.answer;

import io.grpc.Status;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.Locale;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.topology.window.Resolved;

/** What operators see of the answers. Thread-safe. */
public final class AnswerMetrics {

  private final MeterRegistry registry;

  /** Meters of a registry. */
  public AnswerMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  Sample begin() {
    return new Sample(Timer.start(registry));
  }

  /** A question being answered. */
  final class Sample {

    private final Timer.Sample started;
    private volatile String kind = "refused";

    Sample(Timer.Sample started) {
      this.started = started;
    }

    void of(Resolved.State state) {
      kind = state.name().toLowerCase(Locale.ROOT);
    }

    void answered(AnswerLabel label) {
      end(label.getRangesIncluded() < label.getRangesTotal() ? "incomplete" : "ok");
    }

    void failed(Status.Code code) {
      end(code.name().toLowerCase(Locale.ROOT));
    }

    private void end(String outcome) {
      started.stop(
          Timer.builder("tallyring.topk.request.duration")
              .description("Time to answer a question for a ranking")
              .tag("kind", kind)
              .tag("outcome", outcome)
              .register(registry));
    }
  }
}
