package org.tallyring.systemtests.dataset;

/**
 * A day or an hour that the truth of a data set knows.
 *
 * @param level {@code day} or {@code hour}
 * @param at the window as {@code --at} takes it, for example {@code 2012-07-04T07}
 * @param metric the metric counted in it
 */
public record NamedWindow(String level, String at, String metric) {

  private static final int MONTH_AND_DAY = 5;
  private static final int DATE = 10;

  /** Its start, in full. */
  public String time() {
    return level.equals("day") ? at + "T00:00:00Z" : at + ":00:00Z";
  }

  /** The window that the truth calls by this name; dates without a year are of 1970. */
  static NamedWindow of(String name, String metric) {
    String at = name.length() == MONTH_AND_DAY ? "1970-" + name : name;
    return new NamedWindow(at.length() == DATE ? "day" : "hour", at, metric);
  }
}
