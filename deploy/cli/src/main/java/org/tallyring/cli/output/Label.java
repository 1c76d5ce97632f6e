package org.tallyring.cli.output;

import com.fasterxml.jackson.core.JsonGenerator;
import com.google.protobuf.Timestamp;
import java.io.IOException;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.tallyring.cli.config.DurationText;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.proto.v1.Window;

/**
 * What an answer says about itself, for people and for programs. The names in JSON are those of the
 * REST interface.
 */
public final class Label {

  private final AnswerLabel label;

  /** A view of a label. */
  public Label(AnswerLabel label) {
    this.label = label;
  }

  /** The window in words, for example {@code day 2012-07-04T00:00:00Z to 2012-07-05T00:00:00Z}. */
  public String window() {
    if (isSpan()) {
      return start()
          + " to "
          + end()
          + ", whole "
          + (label.hasBucketLength() ? "buckets of " + bucket() : bucket() + "s");
    }
    if (label.getWindow() == Window.WINDOW_ALL) {
      return "all time";
    }
    return name(label.getWindow()) + " " + start() + " to " + end();
  }

  /** The period and step of a series in words. */
  public String series() {
    return start()
        + " to "
        + end()
        + " by "
        + (label.hasBucketLength() ? bucket() : name(label.getWindow()));
  }

  /** How good the answer is, in words. */
  public String quality() {
    String revision = label.getRevision() == 0 ? "" : ", revision " + label.getRevision();
    return "as of "
        + asOf()
        + (label.getFinal() ? ", final" : ", still counting")
        + revision
        + precision()
        + ", "
        + label.getRangesIncluded()
        + " of "
        + label.getRangesTotal()
        + " ranges";
  }

  private String precision() {
    String since = label.hasSinceTime() ? ", counted since " + text(label.getSinceTime()) : "";
    if (label.getExact()) {
      return ", exact" + since;
    }
    String standardError =
        label.getStandardError() > 0
            ? String.format(Locale.ROOT, ", standard error %.2g %%", 100 * label.getStandardError())
            : "";
    String maxError =
        label.getMaxError() != 0
            ? ", off by at most " + Long.toUnsignedString(label.getMaxError())
            : "";
    return standardError + maxError + since;
  }

  /** Whether every range is in the answer. */
  public boolean isComplete() {
    return label.getRangesIncluded() >= label.getRangesTotal();
  }

  /** What a person should know when the answer is not complete. */
  public String incomplete() {
    return "only "
        + label.getRangesIncluded()
        + " of "
        + label.getRangesTotal()
        + " ranges are in this answer; `tally ranges` shows which have no owner";
  }

  /** Writes the label as fields of the object that was begun. */
  public void writeFields(JsonGenerator json) throws IOException {
    json.writeStringField("window", isSpan() ? "span" : name(label.getWindow()));
    if (isSpan() || label.hasBucketLength()) {
      json.writeStringField("bucket", bucket());
    }
    json.writeStringField("start", start());
    json.writeStringField("end", end());
    json.writeStringField("as_of", asOf());
    json.writeBooleanField("final", label.getFinal());
    json.writeNumberField("revision", label.getRevision());
    json.writeBooleanField("exact", label.getExact());
    if (label.getMaxError() != 0) {
      json.writeNumberField("max_error", label.getMaxError());
    }
    if (label.getStandardError() > 0) {
      json.writeNumberField("standard_error", label.getStandardError());
    }
    if (label.hasSinceTime()) {
      json.writeStringField("since", text(label.getSinceTime()));
    }
    json.writeNumberField("ranges_total", label.getRangesTotal());
    json.writeNumberField("ranges_included", label.getRangesIncluded());
  }

  private boolean isSpan() {
    return label.getBucket() != Window.WINDOW_UNSPECIFIED;
  }

  /** What it is put together of, for example {@code hour} or {@code 10s}. */
  private String bucket() {
    return label.hasBucketLength()
        ? DurationText.format(ProtoTimes.duration(label.getBucketLength()))
        : name(label.getBucket());
  }

  private static String name(Window window) {
    return window.name().substring("WINDOW_".length()).toLowerCase(Locale.ROOT);
  }

  private @Nullable String start() {
    return label.hasStartTime() ? text(label.getStartTime()) : null;
  }

  private @Nullable String end() {
    return label.hasEndTime() ? text(label.getEndTime()) : null;
  }

  private String asOf() {
    return text(label.getAsOfTime());
  }

  /** A moment as all answers write it. */
  public static String text(Timestamp time) {
    return Instant.ofEpochSecond(time.getSeconds(), time.getNanos()).toString();
  }
}
