package dev.penstock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.config.MasterKeys;
import dev.penstock.config.Secret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class KeysCommandTest {
  @TempDir private Path directory;

  @Test
  void whatIsSealedOpensWithTheMasterKeyThatWasMade() throws IOException {
    Shell made = Shell.alone();
    assertThat(made.run("keys", "new", "--id=2026")).isEqualTo(ExitCode.OK);
    Path file = Files.writeString(directory.resolve("masters"), made.out());

    Shell sealed = Shell.alone().withInput("the secret\n");
    assertThat(sealed.run("keys", "seal", "--master-keys=" + file)).isEqualTo(ExitCode.OK);
    assertThat(sealed.out()).startsWith("sealed:1:2026:").doesNotContain("the secret");
    assertThat(MasterKeys.read(file).open(sealed.out().strip()))
        .isEqualTo(new Secret("the secret"));
  }

  @Test
  void whatIsWrongIsSaidWithoutTheSecret() throws IOException {
    Path empty = Files.createFile(directory.resolve("empty"));
    Path good = Files.writeString(directory.resolve("masters"), MasterKeys.newLine("1"));
    wrong(Shell.alone(), "give a command", "keys");
    wrong(Shell.alone(), "--id", "keys", "new");
    wrong(Shell.alone(), "letters", "keys", "new", "--id=a b");
    wrong(Shell.alone(), "no/file", "keys", "seal", "--master-keys=no/file");
    wrong(Shell.alone(), "0 master keys", "keys", "seal", "--master-keys=" + empty);
    wrong(Shell.alone(), "standard input", "keys", "seal", "--master-keys=" + good);
    wrong(
        Shell.alone().withInput("secret".repeat(10_000)),
        "10000 bytes",
        "keys",
        "seal",
        "--master-keys=" + good);
  }

  private static void wrong(Shell shell, String said, String... arguments) {
    assertThat(shell.run(arguments)).isEqualTo(ExitCode.USAGE);
    assertThat(shell.err()).contains(said).doesNotContain("secretsecret");
    assertThat(shell.out()).isEmpty();
  }
}
