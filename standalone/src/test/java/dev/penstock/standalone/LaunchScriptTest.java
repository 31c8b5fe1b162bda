package dev.penstock.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launch script in a small repository of its own, with a JDK and a Maven made of shell. */
class LaunchScriptTest {
  private static final List<String> TOOLS =
      List.of(
          "bash",
          "cat",
          "cut",
          "dirname",
          "env",
          "find",
          "grep",
          "head",
          "mkdir",
          "mv",
          "readlink",
          "rm",
          "sed",
          "sleep",
          "stty",
          "touch");

  @TempDir private Path directory;
  private Path home;
  private Path bin;
  private Path jdks;

  private record Run(int code, List<String> out, List<String> err, long pid) {}

  @BeforeEach
  void makeRepository() throws IOException {
    home = Files.createDirectories(directory.resolve("repository"));
    bin = Files.createDirectories(directory.resolve("bin"));
    jdks = Files.createDirectories(directory.resolve("jdks"));
    Files.copy(Repository.root().resolve("penstock"), home.resolve("penstock"));
    executable(home.resolve("penstock"));
    Files.writeString(
        home.resolve("pom.xml"), "<project>\n  <version>1.2.3</version>\n</project>\n");
    for (String module : List.of("standalone", "cli")) {
      Files.createDirectories(home.resolve(module + "/src/main/java"));
      Files.writeString(home.resolve(module + "/pom.xml"), "<project/>\n");
      Files.writeString(home.resolve(module + "/src/main/java/A.java"), "class A {}\n");
    }
    for (String tool : TOOLS) {
      Path found =
          List.of("/usr/bin", "/bin").stream()
              .map(at -> Path.of(at, tool))
              .filter(Files::isExecutable)
              .findFirst()
              .orElseThrow(() -> new AssertionError("this machine has no " + tool));
      script(bin.resolve(tool), "exec " + found + " \"$@\"");
    }
  }

  @Test
  void aMissingJdkIsOneLineWithWhatToDo() throws Exception {
    Run run = run("demo");

    assertThat(run.code).isEqualTo(3);
    assertThat(run.err)
        .containsExactly(
            "penstock: no JDK 25 found; install one (https://adoptium.net, or 'sdk install java"
                + " 25-tem') and set JAVA_HOME to it");
    assertThat(run.out).isEmpty();
  }

  @Test
  void anOlderJdkIsNotTaken() throws Exception {
    jdk("17.0.15");

    assertThat(run("demo").err).singleElement().asString().contains("no JDK 25 found");
  }

  @Test
  void aJdkThatWasNamedMustBeOne() throws Exception {
    jdk("25.0.3");

    Run run = run(List.of("PENSTOCK_JAVA_HOME=/no/such/jdk"), "demo");

    assertThat(run.code).isEqualTo(3);
    assertThat(run.err)
        .containsExactly(
            "penstock: PENSTOCK_JAVA_HOME is /no/such/jdk, which is no JDK 25; set it to one, or"
                + " unset it");
  }

  @Test
  void aMissingMavenIsOneLineWithWhatToDo() throws Exception {
    jdk("25.0.3");

    Run run = run("demo");

    assertThat(run.code).isEqualTo(3);
    assertThat(run.err)
        .containsExactly(
            "penstock: Penstock is not built yet and there is no Maven to build it; install Maven"
                + " 3.8 or later (https://maven.apache.org)");
  }

  @Test
  void aFailedBuildSaysSo() throws Exception {
    jdk("25.0.3");
    script(bin.resolve("mvn"), "echo 'ERROR: no' >&2; exit 1");

    Run run = run("demo");

    assertThat(run.code).isEqualTo(3);
    assertThat(run.err.getLast())
        .isEqualTo("penstock: the build failed; what Maven says above tells why");
    assertThat(home.resolve(".penstock-build.lock")).doesNotExist();
  }

  @Test
  void buildsOnceAndAgainWhenASourceChanges() throws Exception {
    jdk("25");
    maven();

    Run first = run("demo", "--exit");
    assertThat(first.code).isZero();
    assertThat(first.err).first().asString().startsWith("penstock: building standalone");

    assertThat(run("demo").err).isEmpty();

    Files.setLastModifiedTime(
        home.resolve("cli/src/main/java/A.java"), FileTime.from(Instant.now().plusSeconds(60)));
    assertThat(run("demo").err).first().asString().startsWith("penstock: building");
    assertThat(home.resolve("builds")).hasContent("build\nbuild");
  }

  @Test
  void aCacheForAFasterStartIsMadeOnceAfterABuild() throws Exception {
    jdk("25.0.3");
    maven();
    String cache = "-XX:AOTCache=" + home + "/standalone/target/launch.aot";

    Run first = run("standalone");
    assertThat(first.err).last().asString().startsWith("penstock: preparing a faster start");
    assertThat(first.out).contains(cache);

    assertThat(run("standalone").err).isEmpty();
    assertThat(run(List.of("PENSTOCK_AOT=off"), "standalone").out).doesNotContain(cache);
    assertThat(run("api").out).doesNotContain(cache);

    Path jar = home.resolve("standalone/target/penstock-standalone-1.jar");
    Files.setLastModifiedTime(jar, FileTime.from(Instant.now().plusSeconds(60)));
    assertThat(run("standalone").err).last().asString().startsWith("penstock: preparing");
  }

  @Test
  void whereNoCacheCanBeMadeTheStartIsOnlySlower() throws Exception {
    jdk("25.0.3");
    script(jdks.resolve("jdk-25.0.3/bin/java"), "printf '%s\\n' \"$@\"");
    maven();

    Run run = run("standalone");

    assertThat(run.code).isZero();
    assertThat(run.err).last().asString().contains("going on without");
    assertThat(run.out).noneMatch(option -> option.startsWith("-XX:AOT"));
    assertThat(run("standalone").err).isEmpty();
  }

  @Test
  void aLockOfABuildThatWasKilledIsTakenOver() throws Exception {
    jdk("25");
    maven();
    Path lock = Files.createDirectory(home.resolve(".penstock-build.lock"));
    // No process has this id: it is above the largest that Linux and macOS give.
    Files.writeString(lock.resolve("pid"), "99999999\n");

    assertThat(run("demo").code).isZero();
  }

  @Test
  void theScriptBecomesTheJvm() throws Exception {
    jdk("25.0.3");
    maven();

    Run run = run("submit", "--kind=embed", "--text=two words");

    assertThat(run.out)
        .contains("pid " + run.pid, "-cp", "dev.penstock.cli.Main", "submit", "--text=two words")
        .contains("-XX:+UseCompactObjectHeaders", "-Dpenstock.terminal=none");
  }

  @Test
  void everyCommandHasItsMainClass() throws Exception {
    jdk("25.0.3");
    maven();

    assertThat(run("standalone", "--port", "9").out)
        .containsSubsequence("dev.penstock.standalone.Main", "standalone", "--port", "9");
    assertThat(run("broker").out).containsSubsequence("dev.penstock.standalone.Main", "broker");
    assertThat(run("api", "--bootstrap", "b:1").out)
        .containsSubsequence("dev.penstock.api.Main", "--bootstrap", "b:1");
    assertThat(run("worker").out).endsWith("dev.penstock.worker.Main");
    assertThat(run("streams").out).endsWith("dev.penstock.streams.Main");
    assertThat(run("replayer").out).endsWith("dev.penstock.replayer.Main");
    assertThat(run("watch", "x").out).containsSubsequence("dev.penstock.cli.Main", "watch", "x");
  }

  @Test
  void javaOptionsOfThePersonComeLast() throws Exception {
    jdk("25.0.3");
    maven();

    Run run = run(List.of("PENSTOCK_JAVA_OPTS=-Xmx3g -Dx=y"), "standalone");

    assertThat(run.out).containsSubsequence("-Xmx1g", "-Xmx3g", "-Dx=y", "-cp");
  }

  @Test
  void worksThroughASymbolicLinkAndFromAnywhere() throws Exception {
    jdk("25.0.3");
    maven();
    Path link =
        Files.createSymbolicLink(bin.resolve("penstock"), Path.of("../repository/penstock"));

    Run run = run(directory, link, List.of(), "get", "1");

    assertThat(run.code).isZero();
    assertThat(run.out).contains(home.toRealPath() + "/cli/target/penstock-cli-1.jar:x.jar");
  }

  @Test
  void aWrongCommandIsRefusedAndHelpListsTheRightOnes() throws Exception {
    Run wrong = run("sbumit");
    assertThat(wrong.code).isEqualTo(2);
    assertThat(wrong.err)
        .containsExactly("penstock: 'sbumit' is not a command; './penstock help' lists them");

    assertThat(String.join("\n", run("help").out))
        .contains("demo", "standalone", "submit", "bench");
    assertThat(run().code).isZero();
    assertThat(run("version").out).containsExactly("penstock 1.2.3");
  }

  /** A JDK whose java prints its process id and its arguments, one a line. */
  private void jdk(String version) throws IOException {
    Path jdk = Files.createDirectories(jdks.resolve("jdk-" + version));
    Files.createDirectories(jdk.resolve("bin"));
    Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
    script(
        jdk.resolve("bin/java"),
        "echo \"pid $$\"; printf '%s\\n' \"$@\"; for option; do case $option in"
            + " -XX:AOTCacheOutput=*) echo cache >\"${option#*=}\";; esac; done");
    script(jdk.resolve("bin/javac"), "exit 1");
  }

  /** A Maven that writes what the build of standalone would, and notes that it ran. */
  private void maven() throws IOException {
    script(
        bin.resolve("mvn"),
        "echo build >>builds; for module in standalone cli; do mkdir -p $module/target;"
            + " printf x.jar >$module/target/classpath;"
            + " touch $module/target/penstock-$module-1.jar; done");
  }

  private static void script(Path file, String commands) throws IOException {
    Files.writeString(file, "#!/bin/sh\n" + commands + "\n");
    executable(file);
  }

  private static void executable(Path file) throws IOException {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Run run(String... args) throws Exception {
    return run(List.of(), args);
  }

  private Run run(List<String> variables, String... args) throws Exception {
    return run(home, home.resolve("penstock"), variables, args);
  }

  private Run run(Path workingDirectory, Path script, List<String> variables, String... args)
      throws Exception {
    var command = new ArrayList<String>();
    command.add(script.toString());
    command.addAll(List.of(args));
    Path out = Files.createTempFile(directory, "out", "");
    Path err = Files.createTempFile(directory, "err", "");
    var builder =
        new ProcessBuilder(command)
            .directory(workingDirectory.toFile())
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().clear();
    builder.environment().put("PATH", bin.toString());
    builder.environment().put("HOME", directory.toString());
    builder.environment().put("PENSTOCK_JDK_DIRS", jdks.toString());
    for (String variable : variables) {
      String[] parts = variable.split("=", 2);
      builder.environment().put(parts[0], parts[1]);
    }
    Process process = builder.start();
    try {
      assertThat(process.waitFor(120, TimeUnit.SECONDS)).as("the script ends").isTrue();
      return new Run(process.exitValue(), lines(out), lines(err), process.pid());
    } finally {
      process.destroyForcibly();
    }
  }

  private static List<String> lines(Path file) throws IOException {
    return Files.readAllLines(file, StandardCharsets.UTF_8);
  }
}
