package org.tallyring.cli;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.tallyring.cli.failure.CliException;
import org.tallyring.proto.criterion.CriterionText;
import org.tallyring.proto.v1.GetTopKRequest;
import picocli.CommandLine.Option;

/** What other metrics have to do with a ranking. */
final class CriterionOptions {

  @Option(
      names = "--include",
      paramLabel = "METRICS",
      split = ",",
      description =
          "Other metrics to show beside the count, at most 8: views,purchases. A key that a metric of"
              + " heavy hitters does not hold has the count 0 there.")
  private List<String> include = new ArrayList<>();

  @Option(
      names = "--where",
      paramLabel = "CONDITION",
      split = ",",
      description =
          "Rank only keys whose count of a metric is such: purchases>=10. Also <=, >, < and =. More"
              + " than one must all hold. To be quoted in most shells. Not of heavy hitters.")
  private List<String> where = new ArrayList<>();

  @Option(
      names = "--score",
      paramLabel = "TERMS",
      description =
          "Rank by a weighted sum: 0.1*views+1*clicks+10*purchases. Not of heavy hitters.")
  private @Nullable String score;

  /**
   * Adds it to a question.
   *
   * @throws CliException if it is malformed
   */
  GetTopKRequest.Builder addTo(GetTopKRequest.Builder request) {
    try {
      include.forEach(metric -> request.addInclude(Names.checked("--include", metric)));
      where.forEach(condition -> request.addAllWhere(CriterionText.filters(condition)));
      if (score != null) {
        request.addAllScore(CriterionText.score(score));
      }
    } catch (IllegalArgumentException e) {
      throw CliException.usage("--" + e.getMessage());
    }
    return request;
  }
}
