package dev.penstock.cli;

import dev.penstock.config.MasterKeys;
import dev.penstock.config.Secret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code penstock keys}: seals the keys of providers. Asks no server. */
@Command(
    name = "keys",
    description = "Seals keys of providers, so that they can lie in configuration.",
    synopsisSubcommandLabel = "COMMAND")
final class KeysCommand implements Runnable {
  private static final String WRONG = "2:the command line, the file or the secret is wrong";

  @Mixin final HelpOption help = new HelpOption();

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before anything runs
  private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "give a command: new or seal");
  }

  /** {@code penstock keys new}. */
  @Command(
      name = "new",
      description = {
        "Prints a new master key as a line for a file of master keys.",
        "The file's first line seals, all of them open: put the new one first, seal what is to go"
            + " on, then take the old one out."
      },
      exitCodeListHeading = PenstockCommand.EXIT_CODES_HEADING,
      exitCodeList = {"0:done", WRONG})
  static final class New implements Callable<Integer> {
    private final CommandContext context;

    @Mixin final HelpOption help = new HelpOption();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before anything runs
    private CommandSpec spec;

    @Option(
        names = "--id",
        required = true,
        description = "How sealed secrets name it: letters, digits, '.', '_' or '-'.")
    @SuppressWarnings("NullAway.Init") // required: picocli refuses the command line without it
    private String id;

    New(CommandContext context) {
      this.context = context;
    }

    @Override
    public Integer call() {
      try {
        context.print(MasterKeys.newLine(id));
        return ExitCode.OK;
      } catch (IllegalArgumentException e) {
        throw CommandContext.usage(spec, "--id: " + e.getMessage());
      }
    }
  }

  /** {@code penstock keys seal}. */
  @Command(
      name = "seal",
      description = {
        "Reads a secret from standard input and prints it sealed.",
        "What it prints can stand in api-keys, or in a file that api-keys names."
      },
      exitCodeListHeading = PenstockCommand.EXIT_CODES_HEADING,
      exitCodeList = {"0:done", WRONG})
  static final class Seal implements Callable<Integer> {
    private static final int MAX_BYTES = 10_000;

    private final CommandContext context;

    @Mixin final HelpOption help = new HelpOption();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before anything runs
    private CommandSpec spec;

    @Option(
        names = "--master-keys",
        required = true,
        paramLabel = "FILE",
        description = "The file of master keys; its first one seals.")
    @SuppressWarnings("NullAway.Init") // required: picocli refuses the command line without it
    private Path file;

    Seal(CommandContext context) {
      this.context = context;
    }

    @Override
    public Integer call() throws IOException {
      MasterKeys keys = masters();
      byte[] read = context.terminal().in().readNBytes(MAX_BYTES + 1);
      String secret = new String(read, StandardCharsets.UTF_8).strip();
      if (secret.isEmpty() || read.length > MAX_BYTES) {
        throw CommandContext.usage(
            spec, "standard input must have the secret, of 1 to " + MAX_BYTES + " bytes");
      }
      context.print(keys.seal(new Secret(secret)));
      return ExitCode.OK;
    }

    private MasterKeys masters() {
      try {
        return MasterKeys.read(file);
      } catch (IOException e) {
        throw CommandContext.usage(spec, "--master-keys: " + file + " can't be read: " + e);
      } catch (IllegalArgumentException e) {
        throw CommandContext.usage(spec, "--master-keys: " + e.getMessage());
      }
    }
  }
}
