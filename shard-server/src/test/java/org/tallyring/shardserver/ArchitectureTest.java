package org.tallyring.shardserver;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Who may know whom inside a shard. */
@AnalyzeClasses(packages = "org.tallyring.shardserver", importOptions = DoNotIncludeTests.class)
final class ArchitectureTest {

  /**
   * Streams that end in an array, and what their signatures throw: protobuf reads and writes them.
   */
  private static final DescribedPredicate<JavaClass> IN_MEMORY_IO =
      belongToAnyOf(
          ByteArrayInputStream.class,
          ByteArrayOutputStream.class,
          IOException.class,
          UncheckedIOException.class);

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
              "org.apache.bookkeeper..",
              "org.apache.curator..",
              "org.apache.zookeeper..",
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
          .areAssignableTo(Thread.class)
          .orShould()
          .dependOnClassesThat(resideInAPackage("java.io..").and(not(IN_MEMORY_IO)));

  @ArchTest
  static final ArchRule sketchesStayBehindTheStrategies =
      noClasses()
          .that()
          .resideOutsideOfPackage("..engine.strategy..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.apache.datasketches..");

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
