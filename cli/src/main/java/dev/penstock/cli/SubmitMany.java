package dev.penstock.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.Optional;

/** A stream of jobs on its way in, and with {@code --wait} until their ends. */
final class SubmitMany {
  private static final int MAX_REFUSALS_SHOWN = 20;

  private final CommandContext context;
  private final ApiClient api;
  private final boolean json;
  private final boolean wait;
  private final JobWatcher watcher;
  private long accepted;
  private long refused;

  SubmitMany(CommandContext context, ApiClient api, boolean json, boolean wait) {
    this.context = context;
    this.api = api;
    this.json = json;
    this.wait = wait;
    this.watcher =
        new JobWatcher(
            api,
            view -> {
              if (json) {
                context.printJson(api.result(api.jobId(view)));
              }
            },
            _ -> {});
  }

  /**
   * @param sourceBytes how long the source is; 0 when that is not known
   */
  int run(InputStream source, long sourceBytes) throws IOException, InterruptedException {
    try (var bar = new ProgressBar(context.terminal(), "submitting", Optional.empty())) {
      new JobStream(
              api,
              answer -> answered(answer, bar),
              bytes -> bar.update(accepted + refused, estimate(bytes, sourceBytes), counts()))
          .submit(source);
    } finally {
      context.terminal().flush();
    }
    if (!json) {
      context.print(counts());
    }
    if (!wait) {
      return refused > 0 ? ExitCode.REFUSED : ExitCode.OK;
    }
    watcher.complete();
    Tally tally;
    try (var bar = new ProgressBar(context.terminal(), "running", Optional.empty())) {
      tally =
          watcher.run(now -> bar.update(now.done(), now.total(), now.describe(context.terminal())));
    }
    if (!json) {
      context.print(tally.describe(context.terminal()));
    }
    if (refused > 0) {
      return ExitCode.REFUSED;
    }
    return tally.allSucceeded() ? ExitCode.OK : ExitCode.NOT_SUCCEEDED;
  }

  private void answered(LineAnswer answer, ProgressBar bar) {
    switch (answer) {
      case LineAnswer.Accepted line -> {
        accepted++;
        if (wait) {
          watcher.add(line.id());
        }
      }
      case LineAnswer.Refused line -> {
        refused++;
        if (!json && refused <= MAX_REFUSALS_SHOWN) {
          bar.note("line " + line.line() + " refused: " + line.problem());
        }
      }
    }
    if (json) {
      context.printJson(answer.json());
    }
  }

  /** How many lines there will be, when the rest is like what was read; 0 when not known. */
  private long estimate(long bytesDone, long sourceBytes) {
    return sourceBytes == 0 || bytesDone == 0
        ? 0
        : Math.round((double) (accepted + refused) * sourceBytes / bytesDone);
  }

  private String counts() {
    String text = String.format(Locale.ROOT, "%,d accepted", accepted);
    return refused == 0
        ? text
        : text + context.terminal().red(String.format(Locale.ROOT, ", %,d refused", refused));
  }
}
