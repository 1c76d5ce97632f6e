package org.tallyring.client;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

final class ClientArchitectureTest {

  private final JavaClasses client =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("org.tallyring.client");

  @Test
  void theClientKnowsNoCoordinationNoJournalAndNoWebServer() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "com.google.common..",
            "org.apache.zookeeper..",
            "org.apache.curator..",
            "org.apache.bookkeeper..",
            "com.linecorp.armeria..",
            "io.netty..")
        .check(client);
  }

  @Test
  void topologyAndChannelsAreOfUseWithoutRecording() {
    noClasses()
        .that()
        .resideInAnyPackage("..client.topology..", "..client.channel..", "..client.loop..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.tallyring.client", "..client.recording..")
        .check(client);
  }

  @Test
  void recordingHasOneWayIn() {
    classes()
        .that()
        .resideInAPackage("..client.recording..")
        .and()
        .arePublic()
        .should()
        .haveNameMatching(".*\\.(Recorder|RecordingSettings)")
        .check(client);
  }

  @Test
  void timeIsToldByTheLoopOnly() {
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName("org.tallyring.client.loop.NetworkLoop")
        .should()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(Thread.class, "sleep", long.class)
        .check(client);
  }
}
