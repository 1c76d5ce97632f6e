package org.tallyring.benchmarks;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** What the load driver may know. */
@AnalyzeClasses(packages = "org.tallyring.benchmarks", importOptions = DoNotIncludeTests.class)
final class BenchmarksArchitectureTest {

  /** The command line ships the driver without JMH, and the driver is a client like any other. */
  @ArchTest
  static final ArchRule theDriverNeedsNeitherJmhNorServers =
      noClasses()
          .that()
          .resideInAnyPackage("..benchmarks.keys..", "..load..", "..process..", "..redis..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "org.openjdk.jmh..",
              "org.tallyring.shardserver..",
              "org.tallyring.benchmarks",
              "org.tallyring.benchmarks.engine..");

  @ArchTest
  static final ArchRule theLoadKnowsNoSystemThatIsStarted =
      noClasses()
          .that()
          .resideInAPackage("..load..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("..process..", "..redis..");
}
