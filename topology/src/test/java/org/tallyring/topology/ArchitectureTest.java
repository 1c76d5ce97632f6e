package org.tallyring.topology;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.conditions.ArchConditions.dependOnClassesThat;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.time.Clock;
import java.time.InstantSource;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * Topology is arithmetic: the same input gives the same output, in every process and at all times.
 */
@AnalyzeClasses(
    packages = "org.tallyring.topology",
    importOptions = ImportOption.DoNotIncludeTests.class)
final class ArchitectureTest {

  @ArchTest
  static final ArchRule NOTHING_BUT_THE_JDK_AND_A_HASH =
      classes()
          .should()
          .onlyDependOnClassesThat(
              resideInAnyPackage(
                  "org.tallyring.topology..",
                  "java..",
                  "com.dynatrace.hash4j.hashing..",
                  "org.jspecify.annotations.."));

  @ArchTest
  static final ArchRule NO_INPUT_OR_OUTPUT =
      noClasses()
          .should(
              dependOnClassesThat(
                  resideInAnyPackage(
                      "java.io..", "java.nio.file..", "java.nio.channels..", "java.net..")))
          .orShould()
          .accessTargetWhere(
              access(
                  "the process or the machine is asked",
                  access ->
                      access.getTargetOwner().isEquivalentTo(System.class)
                          && !access.getName().equals("arraycopy")));

  @ArchTest
  static final ArchRule NO_THREADS_AND_NO_LOCKS =
      noClasses()
          .should(
              dependOnClassesThat(
                  resideInAnyPackage("java.util.concurrent..")
                      .or(type(Thread.class))
                      .or(type(ThreadLocal.class))));

  @ArchTest
  static final ArchRule NO_CLOCK =
      noClasses()
          .should(dependOnClassesThat(type(Clock.class).or(type(InstantSource.class))))
          .orShould()
          .accessTargetWhere(
              access("the wall clock is read", access -> access.getName().equals("now")));

  @ArchTest
  static final ArchRule NO_RANDOMNESS =
      noClasses()
          .should(
              dependOnClassesThat(
                  type(Random.class)
                      .or(type(SplittableRandom.class))
                      .or(type(UUID.class))
                      .or(resideInAnyPackage("java.util.random..", "java.security.."))));

  @ArchTest
  static final ArchRule PACKAGES_DEPEND_ONE_WAY =
      slices().matching("org.tallyring.topology.(*)..").should().beFreeOfCycles();

  private static DescribedPredicate<JavaAccess<?>> access(
      String description, Predicate<JavaAccess<?>> predicate) {
    return DescribedPredicate.describe(description, predicate);
  }
}
