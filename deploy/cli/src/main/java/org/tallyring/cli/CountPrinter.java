package org.tallyring.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;
import org.tallyring.cli.output.Label;
import org.tallyring.cli.output.OutputFormat;
import org.tallyring.cli.output.TextTable;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.proto.v1.GetCountsRequest;
import org.tallyring.proto.v1.GetCountsResponse;
import org.tallyring.proto.v1.KeyCount;

/**
 * Writes the counts of many requests as one answer. Its label is that of the worst part: the part
 * that lacks most ranges, else the oldest.
 */
abstract class CountPrinter {

  private @Nullable AnswerLabel worst;

  /** A printer that writes in {@code format}. */
  static CountPrinter of(OutputFormat format, PrintWriter out, GetCountsRequest request) {
    return switch (format) {
      case TABLE -> new Table(out, request);
      case TSV -> new Tsv(out);
      case JSON -> new Json(out, request);
    };
  }

  /** Takes the answer to the next part. */
  final void print(GetCountsResponse response) {
    AnswerLabel label = response.getLabel();
    AnswerLabel before = worst;
    if (before == null || isWorse(label, before)) {
      worst = label;
    }
    for (KeyCount count : response.getCountsList()) {
      print(count.getKey().toStringUtf8(), count.getCount());
    }
  }

  private static boolean isWorse(AnswerLabel label, AnswerLabel other) {
    int lacking = label.getRangesTotal() - label.getRangesIncluded();
    int otherLacking = other.getRangesTotal() - other.getRangesIncluded();
    return lacking != otherLacking
        ? lacking > otherLacking
        : label.getAsOfTime().getSeconds() < other.getAsOfTime().getSeconds();
  }

  /** Ends the answer. */
  final void finish() {
    AnswerLabel label = worst;
    finish(label == null ? null : new Label(label));
  }

  abstract void print(String key, long count);

  /** Ends the answer; there is no label if nothing was asked. */
  abstract void finish(@Nullable Label label);

  private static final class Table extends CountPrinter {
    private final PrintWriter out;
    private final GetCountsRequest request;
    private final TextTable table = new TextTable("KEY", "COUNT");

    Table(PrintWriter out, GetCountsRequest request) {
      this.out = out;
      this.request = request;
    }

    @Override
    void print(String key, long count) {
      table.add(key, count);
    }

    @Override
    void finish(@Nullable Label label) {
      if (label != null) {
        out.println(request.getNamespace() + "/" + request.getMetric() + ", " + label.window());
      }
      table.print(out);
      if (label != null) {
        out.println(label.quality());
      }
      out.flush();
    }
  }

  private static final class Tsv extends CountPrinter {
    private final PrintWriter out;

    Tsv(PrintWriter out) {
      this.out = out;
    }

    @Override
    void print(String key, long count) {
      out.println(key + "\t" + count);
    }

    @Override
    void finish(@Nullable Label label) {
      out.flush();
    }
  }

  /** Streams, so that the number of keys is not limited by memory. */
  private static final class Json extends CountPrinter {
    private final PrintWriter out;
    private final JsonGenerator json;

    Json(PrintWriter out, GetCountsRequest request) {
      this.out = out;
      try {
        json =
            new JsonFactory().createGenerator(out).disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
        json.writeStartObject();
        json.writeStringField("namespace", request.getNamespace());
        json.writeStringField("metric", request.getMetric());
        json.writeArrayFieldStart("items");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    void print(String key, long count) {
      try {
        json.writeStartObject();
        json.writeStringField("id", key);
        json.writeNumberField("count", count);
        json.writeEndObject();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    void finish(@Nullable Label label) {
      try (json) {
        json.writeEndArray();
        if (label != null) {
          label.writeFields(json);
        }
        json.writeEndObject();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      out.println();
      out.flush();
    }
  }
}
