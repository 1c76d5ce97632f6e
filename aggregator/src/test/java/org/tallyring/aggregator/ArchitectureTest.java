package org.tallyring.aggregator;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

final class ArchitectureTest {

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("org.tallyring.aggregator");

  @Test
  void mergingIsPure() {
    noClasses()
        .that()
        .resideInAPackage("..merge..")
        .should()
        .dependOnClassesThat()
        .resideOutsideOfPackages(
            "org.tallyring.aggregator.merge..", "java.lang..", "java.util", "org.jspecify..")
        .check(CLASSES);
    noClasses()
        .that()
        .resideInAPackage("..merge..")
        .should()
        .dependOnClassesThat()
        .areAssignableTo(Thread.class)
        .check(CLASSES);
  }

  @Test
  void theClusterIsKnownThroughItsShardsOnly() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.apache.zookeeper..",
            "org.apache.curator..",
            "org.apache.bookkeeper..",
            "org.tallyring.shardserver..")
        .check(CLASSES);
  }

  @Test
  void answersDoNotDependOnHowTheyAreServed() {
    noClasses()
        .that()
        .resideInAnyPackage("..collect..", "..merge..", "..cache..", "..answer..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("com.linecorp..", "..aggregator.grpc..", "..aggregator.web..")
        .check(CLASSES);
  }
}
