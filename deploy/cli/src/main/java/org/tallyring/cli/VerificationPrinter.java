package org.tallyring.cli;

import com.google.protobuf.ByteString;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Locale;
import org.tallyring.cli.output.JsonLine;
import org.tallyring.cli.output.OutputFormat;
import org.tallyring.proto.v1.JournalPosition;
import org.tallyring.proto.v1.Mismatch;
import org.tallyring.proto.v1.RangeVerification;
import org.tallyring.proto.v1.Window;

/** Adds up what was found in the ranges and shows it at the end: mismatches, then one line. */
final class VerificationPrinter {

  private static final String LIVE = "live";

  private final Console console;
  private final OutputFormat format;
  private final Listing found =
      new Listing(
          "found",
          "range",
          "state",
          "what",
          "namespace",
          "metric",
          "key",
          "window",
          "start",
          "stored",
          "replayed");
  private int verified;
  private long entries;
  private long keys;
  private long mismatches;

  VerificationPrinter(Console console, OutputFormat format) {
    this.console = console;
    this.format = format;
  }

  /** Takes in one range; says at once what is wrong with it. */
  void take(RangeVerification range) {
    if (!range.getProblem().isEmpty()) {
      console.note("range " + range.getRangeId() + ": not verified: " + range.getProblem());
      return;
    }
    verified++;
    entries += range.getEntries();
    keys += range.getKeys();
    mismatches += range.getMismatchCount();
    range.getMismatchesList().forEach(mismatch -> add(range.getRangeId(), mismatch));
    if (range.getMismatchCount() > range.getMismatchesCount()) {
      console.note(
          "range "
              + range.getRangeId()
              + ": "
              + range.getMismatchCount()
              + " mismatches, of which "
              + range.getMismatchesCount()
              + " are shown");
    }
  }

  private void add(int rangeId, Mismatch mismatch) {
    boolean hasWindow = mismatch.getWindow() != Window.WINDOW_UNSPECIFIED;
    boolean hasStart = hasWindow && mismatch.getWindow() != Window.WINDOW_ALL;
    found.add(
        rangeId,
        mismatch.hasSnapshot() ? "snapshot " + place(mismatch.getSnapshot()) : LIVE,
        mismatch.getWhat(),
        mismatch.getNamespace(),
        mismatch.getMetric(),
        text(mismatch),
        hasWindow ? nameOf(mismatch.getWindow()) : "",
        hasStart ? Instant.ofEpochMilli(mismatch.getStartMillis()).toString() : "",
        mismatch.getStored(),
        mismatch.getReplayed());
  }

  /** A session's id is no text. */
  private static String text(Mismatch mismatch) {
    ByteString key = mismatch.getKey();
    return mismatch.getNamespace().isEmpty()
        ? HexFormat.of().formatHex(key.toByteArray())
        : key.toStringUtf8();
  }

  static String place(JournalPosition position) {
    return position.getSegment() + ":" + position.getEntry();
  }

  private static String nameOf(Window window) {
    return window.name().substring("WINDOW_".length()).toLowerCase(Locale.ROOT);
  }

  /**
   * Shows what was found.
   *
   * @param total how many ranges there were to verify
   * @return whether all of them were, and nothing was found
   */
  boolean end(int total) {
    String ranges = verified == total ? total + " ranges" : verified + " of " + total + " ranges";
    String summary = "verified %s, %d keys, %d mismatches".formatted(ranges, keys, mismatches);
    switch (format) {
      case TABLE -> {
        if (mismatches > 0) {
          found.print(format, console.out());
        }
        console.out().println(summary);
      }
      case TSV -> {
        found.print(format, console.out());
        console.note(summary);
      }
      case JSON -> {
        JsonLine.print(
            console.out(),
            json -> {
              json.writeNumberField("ranges", total);
              json.writeNumberField("verified", verified);
              json.writeNumberField("entries", entries);
              json.writeNumberField("keys", keys);
              json.writeNumberField("mismatches", mismatches);
              found.writeTo(json);
            });
        console.note(summary);
      }
    }
    console.out().flush();
    return verified == total && mismatches == 0;
  }
}
