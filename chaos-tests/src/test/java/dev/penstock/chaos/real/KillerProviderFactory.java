package dev.penstock.chaos.real;

import dev.penstock.job.JobKind;
import dev.penstock.job.JobOutput;
import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderCall;
import dev.penstock.provider.ProviderFactory;
import dev.penstock.provider.ProviderResult;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes a provider some of whose jobs end the process that runs them, as a crash of native code
 * does.
 */
public final class KillerProviderFactory implements ProviderFactory {
  static final String TYPE = "killer";

  /** What the text of such a job begins with. */
  static final String KILLS = "kill";

  private static final int KILLED = 137;
  private static final long CALL_MILLIS = 50;

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public Provider create(String name, Map<String, String> settings) {
    return new Killer(name);
  }

  private record Killer(String name) implements Provider {
    @Override
    public Set<JobKind> kinds() {
      return EnumSet.of(JobKind.DETECT_LANGUAGE);
    }

    @Override
    public ProviderResult call(ProviderCall call) throws InterruptedException {
      Thread.sleep(CALL_MILLIS);
      if (call.input().text().startsWith(KILLS)) {
        Runtime.getRuntime().halt(KILLED);
      }
      return new ProviderResult.Answered(
          new JobOutput.DetectedLanguages(List.of(new JobOutput.ScoredLabel("und", 1))));
    }
  }
}
