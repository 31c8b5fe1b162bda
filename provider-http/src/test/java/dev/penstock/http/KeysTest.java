package dev.penstock.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.config.MasterKeys;
import dev.penstock.config.Secret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class KeysTest {
  private static final Duration REST = Duration.ofMinutes(5);

  private final AtomicLong nanos = new AtomicLong();
  @TempDir private Path directory;

  @Test
  void keysComeFromEnvironmentFilesAndSealedWords() throws IOException {
    MasterKeys masters = MasterKeys.of(List.of(MasterKeys.newLine("m1")));
    Path file = Files.writeString(directory.resolve("a@b"), " key-of-the-file\n");
    Path masterFile = Files.writeString(directory.resolve("m"), MasterKeys.newLine("m1"));
    String sealed = MasterKeys.read(masterFile).seal(new Secret("key-that-was-sealed"));

    List<KeySource> sources =
        new Keys(masterFile.toString(), Map.of("OURS", "key-of-the-environment"), nanos::get)
            .read("env:OURS@2, file:" + file + " ," + sealed + "@3");

    assertThat(sources).extracting(KeySource::weight).containsExactly(2, 1, 3);
    assertThat(sources)
        .extracting(source -> source.value().get().reveal())
        .containsExactly("key-of-the-environment", "key-of-the-file", "key-that-was-sealed");
    assertThat(sources.toString()).doesNotContain("key-of", "key-that", sealed);
    assertThat(masters.ids()).containsExactly("m1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sk-a-key-by-mistake",
        "env:SECRET_NAME_BY_MISTAKE",
        "env:ODD",
        "file:/no/such/file",
        "env:OURS@0",
        "env:OURS@100000",
        "env:OURS,env:OURS",
        "env:OURS,",
        "sealed:1:m1:AAAA"
      })
  void whatIsWrongIsRefusedWithoutSayingIt(String setting) {
    var keys = new Keys("", Map.of("OURS", "key", "ODD", "two words"), nanos::get);
    assertThatThrownBy(() -> keys.read(setting))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("of api-keys: ")
        .hasMessageNotContainingAny("sk-a-key", "BY_MISTAKE", "two words", "AAAA");
  }

  @Test
  void aFileThatHasChangedIsReadAgainWithinASecond() throws IOException {
    Path file = Files.writeString(directory.resolve("key"), "old");
    KeySource source = new Keys("", Map.of(), nanos::get).read("file:" + file).getFirst();
    replace(file, "new-one");
    assertThat(source.value().get().reveal()).as("not looked at yet").isEqualTo("old");
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    assertThat(source.value().get().reveal()).isEqualTo("new-one");

    Files.delete(file);
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    assertThat(source.value().get().reveal()).as("what it said last").isEqualTo("new-one");
    replace(file, "newest");
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    assertThat(source.value().get().reveal()).isEqualTo("newest");
  }

  @Test
  void sealedFilesAreOpenedWithEitherMasterKeyDuringARotation() throws IOException {
    String old = MasterKeys.newLine("2025");
    Path masterFile = Files.writeString(directory.resolve("masters"), old);
    Path file =
        Files.writeString(
            directory.resolve("key"), MasterKeys.of(List.of(old)).seal(new Secret("first")));
    KeySource source =
        new Keys(masterFile.toString(), Map.of(), nanos::get).read("file:" + file).getFirst();
    assertThat(source.value().get().reveal()).isEqualTo("first");

    String next = MasterKeys.newLine("2026");
    replace(masterFile, next + "\n" + old);
    replace(file, MasterKeys.of(List.of(next)).seal(new Secret("second")));
    nanos.addAndGet(Duration.ofSeconds(2).toNanos());
    assertThat(source.value().get().reveal()).isEqualTo("second");
  }

  @Test
  void aMasterKeyIsReplacedWithoutARestartAndKeysInTheConfigurationServeOn() throws IOException {
    String old = MasterKeys.newLine("2025");
    String next = MasterKeys.newLine("2026");
    MasterKeys oldKeys = MasterKeys.of(List.of(old));
    Path masterFile = Files.writeString(directory.resolve("masters"), old);
    Path file =
        Files.writeString(directory.resolve("key"), oldKeys.seal(new Secret("in-the-file")));
    var keys = new Keys(masterFile.toString(), Map.of(), nanos::get);
    KeySource fromFile = keys.read("file:" + file).getFirst();
    KeySource listed = keys.read(oldKeys.seal(new Secret("listed"))).getFirst();
    KeySource given = keys.given(oldKeys.seal(new Secret("given")));

    replace(masterFile, next + "\n" + old);
    later();
    assertThat(fromFile.value().get().reveal()).isEqualTo("in-the-file");
    replace(file, MasterKeys.of(List.of(next)).seal(new Secret("in-the-file-anew")));
    later();
    assertThat(fromFile.value().get().reveal()).isEqualTo("in-the-file-anew");
    replace(masterFile, next);
    later();
    replace(file, oldKeys.seal(new Secret("with-a-key-that-is-gone")));
    later();
    assertThat(fromFile.value().get().reveal())
        .as("what can't be opened changes nothing")
        .isEqualTo("in-the-file-anew");

    assertThat(listed.value().get().reveal()).isEqualTo("listed");
    assertThat(given.value().get().reveal()).isEqualTo("given");
    assertThatThrownBy(() -> keys.given(oldKeys.seal(new Secret("at the next start"))))
        .hasMessageContaining("sealed with the master key '2025', which is not there");
  }

  @Test
  void aSealedKeyIsNeverSentAsItIs() {
    String sealed = MasterKeys.of(List.of(MasterKeys.newLine("m"))).seal(new Secret("key"));
    var keys = new Keys("", Map.of(), nanos::get);
    assertThatThrownBy(() -> keys.given(sealed))
        .hasMessageContaining("it is sealed, but master-keys-file is not set")
        .hasMessageNotContaining(sealed);
    assertThat(keys.given("plain").value().get().reveal()).isEqualTo("plain");
  }

  private void later() {
    nanos.addAndGet(Duration.ofSeconds(2).toNanos());
  }

  @Test
  void keysAreTakenInTurnByTheirWeights() {
    KeyRing ring = ring(Map.of("A", "a", "B", "b", "C", "c"), "env:A@5,env:B@1,env:C@1");
    assertThat(taken(ring, 14)).isEqualTo("aabacaaaabacaa".substring(0, 14));
  }

  @Test
  void aKeyThatWasRefusedRestsWhileOthersServe() {
    KeyRing ring = ring(Map.of("A", "a", "B", "b"), "env:A,env:B");
    ring.refuse(ring.next().orElseThrow());
    assertThat(taken(ring, 4)).isEqualTo("bbbb");
    nanos.addAndGet(REST.toNanos());
    assertThat(taken(ring, 4)).contains("a");
  }

  @Test
  void thatAKeyIsRefusedIsNewsOnceUntilThereIsAnotherInItsPlace() throws IOException {
    Path file = Files.writeString(directory.resolve("key"), "bad");
    var ring =
        new KeyRing(new Keys("", Map.of(), nanos::get).read("file:" + file), REST, nanos::get);
    assertThat(ring.refuse(ring.next().orElseThrow())).isTrue();
    nanos.addAndGet(REST.toNanos());
    assertThat(ring.refuse(ring.next().orElseThrow())).isFalse();
    replace(file, "worse");
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    assertThat(ring.refuse(ring.next().orElseThrow())).isTrue();
  }

  @Test
  void whenAllRestTheOneThatRestedLongestIsTried() {
    KeyRing ring = ring(Map.of("A", "a", "B", "b"), "env:A,env:B");
    ring.refuse(ring.next().orElseThrow());
    nanos.incrementAndGet();
    ring.refuse(ring.next().orElseThrow());
    assertThat(ring.awake()).isEmpty();
    assertThat(taken(ring, 2)).isEqualTo("aa");
  }

  @Test
  void aRefusedKeyThatWasReplacedServesAtOnce() throws IOException {
    Path file = Files.writeString(directory.resolve("key"), "bad");
    var ring =
        new KeyRing(new Keys("", Map.of(), nanos::get).read("file:" + file), REST, nanos::get);
    ring.refuse(ring.next().orElseThrow());
    assertThat(ring.awake()).isEmpty();
    replace(file, "good");
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    assertThat(ring.awake().orElseThrow().secret().reveal()).isEqualTo("good");
  }

  @Test
  void noKeysAreNoKey() {
    assertThat(ring(Map.of(), "").next()).isEmpty();
  }

  private KeyRing ring(Map<String, String> environment, String setting) {
    return new KeyRing(new Keys("", environment, nanos::get).read(setting), REST, nanos::get);
  }

  private static String taken(KeyRing ring, int count) {
    return IntStream.range(0, count)
        .mapToObj(_ -> ring.next().orElseThrow().secret().reveal())
        .collect(Collectors.joining());
  }

  /** As Kubernetes does it: by another file in its place. */
  private void replace(Path file, String text) throws IOException {
    Path other = Files.writeString(directory.resolve("other"), text);
    Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
  }
}
