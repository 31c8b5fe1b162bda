package dev.penstock.standalone;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.GeneralCodingRules.USE_JAVA_UTIL_LOGGING;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;

/** Which module and package may know which, and what is at home where. */
@AnalyzeClasses(
    packages = "dev.penstock",
    importOptions = {ImportOption.DoNotIncludeTests.class, ArchitectureTest.NoFakes.class})
final class ArchitectureTest {
  /** The fake provider is on the class path for a test alone; nothing that runs knows it. */
  static final class NoFakes implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return !location.contains("/dev/penstock/fake/");
    }
  }

  /** The contract. */
  private static final String[] COMMON = {
    "dev.penstock.cache..",
    "dev.penstock.codec..",
    "dev.penstock.config..",
    "dev.penstock.fleet..",
    "dev.penstock.job..",
    "dev.penstock.lifecycle..",
    "dev.penstock.limit..",
    "dev.penstock.provider..",
    "dev.penstock.replay..",
    "dev.penstock.retry..",
    "dev.penstock.topic.."
  };

  private static final String RUNTIME = "dev.penstock.runtime..";
  private static final String BROKER = "dev.penstock.broker..";
  private static final String SUBMISSION = "dev.penstock.submission..";
  private static final String API = "dev.penstock.api..";
  private static final String WORKER = "dev.penstock.worker..";
  private static final String REPLAYER = "dev.penstock.replayer..";
  private static final String STREAMS = "dev.penstock.streams..";
  private static final String LOCAL = "dev.penstock.local..";
  private static final String HTTP = "dev.penstock.http..";
  private static final String CLI = "dev.penstock.cli..";
  private static final String STANDALONE = "dev.penstock.standalone..";
  private static final String PROCESS = "dev.penstock.runtime.process..";

  private static final String[] KAFKA = {"org.apache.kafka..", "kafka.."};
  private static final String HELIDON = "io.helidon..";

  @ArchTest
  static final ArchRule everyClassBelongsToAModule =
      classes()
          .that()
          .resideInAPackage("dev.penstock..")
          .should()
          .resideInAnyPackage(
              and(
                  COMMON,
                  RUNTIME,
                  SUBMISSION,
                  BROKER,
                  API,
                  WORKER,
                  REPLAYER,
                  STREAMS,
                  LOCAL,
                  HTTP,
                  CLI,
                  STANDALONE));

  @ArchTest
  static final ArchRule theContractKnowsNothingButJson =
      classes()
          .that()
          .resideInAnyPackage(COMMON)
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              and(
                  COMMON,
                  "java..",
                  "javax.crypto..",
                  "org.jspecify..",
                  "tools.jackson..",
                  "com.fasterxml.jackson.annotation.."));

  @ArchTest static final ArchRule whatServicesShareKnowsTheContract = knowsOfOurs(RUNTIME);

  @ArchTest static final ArchRule whatASubmissionIsKnowsTheContract = knowsOfOurs(SUBMISSION);

  @ArchTest static final ArchRule theBrokerKnowsNothingOfOurs = knowsOfOursNothingBut(BROKER);

  @ArchTest
  static final ArchRule theIntakeKnowsNoOtherService = knowsOfOurs(API, RUNTIME, SUBMISSION);

  @ArchTest static final ArchRule theWorkerKnowsNoOtherService = knowsOfOurs(WORKER, RUNTIME);

  @ArchTest
  static final ArchRule theReplayerKnowsNoOtherService = knowsOfOurs(REPLAYER, RUNTIME, SUBMISSION);

  @ArchTest static final ArchRule theViewsKnowNoOtherService = knowsOfOurs(STREAMS, RUNTIME);

  @ArchTest static final ArchRule aProviderKnowsTheContractAlone = knowsOfOurs(LOCAL);

  @ArchTest static final ArchRule aProviderBehindHttpKnowsTheContractAlone = knowsOfOurs(HTTP);

  @ArchTest static final ArchRule theCommandLineKnowsTheContractAlone = knowsOfOurs(CLI);

  @ArchTest
  static final ArchRule onlyServicesSpeakKafka =
      noClasses()
          .that()
          .resideInAnyPackage(and(COMMON, SUBMISSION, CLI, LOCAL, HTTP))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(KAFKA);

  @ArchTest
  static final ArchRule onlyServicesServeHttp =
      noClasses()
          .that()
          .resideInAnyPackage(and(COMMON, SUBMISSION, CLI, LOCAL, HTTP, BROKER))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(HELIDON);

  @ArchTest
  static final ArchRule packagesHaveNoCycles =
      SlicesRuleDefinition.slices()
          .assignedFrom(
              new SliceAssignment() {
                @Override
                public SliceIdentifier getIdentifierOf(JavaClass javaClass) {
                  return SliceIdentifier.of(javaClass.getPackageName());
                }

                @Override
                public String getDescription() {
                  return "packages";
                }
              })
          .should()
          .beFreeOfCycles();

  @ArchTest
  static final ArchRule onlyWhatAPersonStartsPrints =
      noClasses()
          .that(resideOutsideOfPackages(CLI, STANDALONE, PROCESS))
          .should(ACCESS_STANDARD_STREAMS);

  @ArchTest
  static final ArchRule onlyWhatAPersonStartsEndsTheProcess =
      noClasses()
          .that(resideOutsideOfPackages(CLI, STANDALONE, PROCESS))
          .should()
          .callMethod(System.class, "exit", int.class);

  @ArchTest
  static final ArchRule loggingIsSlf4j =
      noClasses()
          .should(USE_JAVA_UTIL_LOGGING)
          .orShould()
          .dependOnClassesThat()
          .resideInAnyPackage("org.apache.logging.log4j..", "java.lang.System$Logger..");

  /** So that nothing of it is loaded while traces are off, and it is set up in one place. */
  @ArchTest
  static final ArchRule openTelemetryStandsBehindItsPort =
      noClasses()
          .that()
          .doNotHaveFullyQualifiedName("dev.penstock.runtime.telemetry.OtlpTraces")
          .and()
          .doNotHaveFullyQualifiedName("dev.penstock.runtime.telemetry.OtlpTraces$Told")
          .and()
          .doNotHaveFullyQualifiedName("dev.penstock.runtime.telemetry.OtlpTraces$1")
          .and()
          .doNotHaveFullyQualifiedName("dev.penstock.runtime.telemetry.Delivery")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.opentelemetry..");

  @ArchTest
  static final ArchRule namesSayWhatAClassIs =
      noClasses()
          .should()
          .haveSimpleNameEndingWith("Impl")
          .orShould()
          .haveSimpleNameEndingWith("Util")
          .orShould()
          .haveSimpleNameEndingWith("Utils")
          .orShould()
          .haveSimpleNameEndingWith("Manager")
          .orShould()
          .haveSimpleNameEndingWith("Helper");

  @ArchTest
  static final ArchRule packagesAreFeatures =
      noClasses()
          .should()
          .resideInAnyPackage(
              "..util..", "..utils..", "..impl..", "..model..", "..manager..", "..service..");

  /** So that the same code runs in production and, with a seed, in simulation. */
  @ArchTest
  static final ArchRule theWorkersDecisionsHaveNoClockNoThreadsAndNoInput =
      noClasses()
          .that()
          .resideInAnyPackage(
              "dev.penstock.worker.core..",
              "dev.penstock.worker.window..",
              "dev.penstock.worker.judge..")
          .should()
          .callMethod(Instant.class, "now")
          .orShould()
          .callMethod(System.class, "nanoTime")
          .orShould()
          .callMethod(System.class, "currentTimeMillis")
          .orShould()
          .dependOnClassesThat()
          .areAssignableTo(Thread.class)
          .orShould()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "java.net..",
              "java.nio.file..",
              "io.helidon..",
              "org.apache.kafka.clients.admin..",
              "org.apache.kafka.clients.producer..");

  /** So that the simulation, and tests with a clock of their own, drive what runs in production. */
  @ArchTest
  static final ArchRule theReplayersDecisionsHaveNoClockNoThreadsAndNoInput =
      noClasses()
          .that()
          .haveNameMatching(
              // The selector is what reads: what it makes of that stands beside it.
              "dev\\.penstock\\.replayer\\.(replay\\.(Decider|Decisions|TokenBucket)"
                  + "|plan\\.(PlanLife|Draft|Frozen|Shares)|change\\.|select\\.(?!Selector)).*")
          .should()
          .callMethod(Instant.class, "now")
          .orShould()
          .callMethod(System.class, "nanoTime")
          .orShould()
          .callMethod(System.class, "currentTimeMillis")
          .orShould()
          .dependOnClassesThat()
          .areAssignableTo(Thread.class)
          .orShould()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "java.net..", "java.nio.file..", "io.helidon..", "org.apache.kafka..");

  @ArchTest
  static final ArchRule theDomainIsValues =
      classes()
          .that()
          .resideInAPackage("dev.penstock.job")
          .and()
          .areTopLevelClasses()
          .and()
          .doNotHaveSimpleName("package-info")
          .should(beValuesOrSealed());

  @ArchTest
  static void everyPackageIsNullMarked(com.tngtech.archunit.core.domain.JavaClasses ours) {
    List<String> unmarked = new ArrayList<>();
    Set<JavaPackage> packages = ours.getPackage("dev.penstock").getSubpackagesInTree();
    for (JavaPackage javaPackage : packages) {
      boolean hasClasses = !javaPackage.getClasses().isEmpty();
      if (hasClasses && !javaPackage.isAnnotatedWith(NullMarked.class)) {
        unmarked.add(javaPackage.getName());
      }
    }
    assertThat(unmarked).as("packages without a package-info.java that says @NullMarked").isEmpty();
    assertThat(packages).as("packages that were looked at").hasSizeGreaterThan(10);
  }

  /** Of our own, {@code module} knows itself, {@code others} and the contract. */
  private static ArchRule knowsOfOurs(String module, String... others) {
    return knowsOfOursNothingBut(
        module, Stream.concat(Arrays.stream(COMMON), Arrays.stream(others)).toArray(String[]::new));
  }

  private static ArchRule knowsOfOursNothingBut(String module, String... others) {
    return classes()
        .that()
        .resideInAPackage(module)
        .should()
        .onlyDependOnClassesThat(
            resideOutsideOfPackages("dev.penstock..").or(resideInAnyPackage(and(others, module))));
  }

  private static ArchCondition<JavaClass> beValuesOrSealed() {
    return new ArchCondition<>("be records, enums or sealed interfaces") {
      @Override
      public void check(JavaClass item, ConditionEvents events) {
        boolean holds = item.isRecord() || item.isEnum() || item.reflect().isSealed();
        events.add(
            new SimpleConditionEvent(
                item, holds, item.getName() + (holds ? " is" : " is no") + " value"));
      }
    };
  }

  private static String[] and(String[] some, String... more) {
    return Stream.concat(Arrays.stream(some), Arrays.stream(more)).toArray(String[]::new);
  }
}
