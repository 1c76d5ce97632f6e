package org.tallyring.shardserver;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Who may know whom inside a shard. */
@AnalyzeClasses(packages = "org.tallyring.shardserver", importOptions = DoNotIncludeTests.class)
final class ArchitectureTest {

  /** A state that is a fold over the journal must not see anything that replay cannot repeat. */
  @ArchTest
  static final ArchRule theEngineIsPure =
      noClasses()
          .that()
          .resideInAPackage("..engine..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.grpc..",
              "io.netty..",
              "org.apache..",
              "java.io..",
              "java.net..",
              "java.nio.channels..",
              "java.nio.file..",
              "java.time..",
              "java.util.concurrent..",
              "org.slf4j..",
              "org.tallyring.shardserver.journal..",
              "org.tallyring.shardserver.coordination..",
              "org.tallyring.shardserver.ownership..",
              "org.tallyring.shardserver.controller..",
              "org.tallyring.shardserver.grpc..",
              "org.tallyring.shardserver.server..")
          .orShould()
          .dependOnClassesThat()
          .areAssignableTo(Thread.class);

  @ArchTest
  static final ArchRule zooKeeperStaysBehindCoordination =
      noClasses()
          .that()
          .resideOutsideOfPackages("..coordination..", "..journal..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.apache.zookeeper..", "org.apache.curator..");

  @ArchTest
  static final ArchRule curatorStaysBehindCoordination =
      noClasses()
          .that()
          .resideOutsideOfPackage("..coordination..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.apache.curator..");

  @ArchTest
  static final ArchRule bookKeeperStaysBehindTheJournal =
      noClasses()
          .that()
          .resideOutsideOfPackage("..journal..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.apache.bookkeeper..");

  @ArchTest
  static final ArchRule dependenciesRunOneWay =
      noClasses()
          .that()
          .resideInAnyPackage("..coordination..", "..journal..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "org.tallyring.shardserver.engine..",
              "org.tallyring.shardserver.ownership..",
              "org.tallyring.shardserver.controller..",
              "org.tallyring.shardserver.grpc..",
              "org.tallyring.shardserver.server..");

  @ArchTest
  static final ArchRule ownershipKnowsNoServices =
      noClasses()
          .that()
          .resideInAnyPackage("..ownership..", "..controller..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "org.tallyring.shardserver.grpc..", "org.tallyring.shardserver.server..");
}
