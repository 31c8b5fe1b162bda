package dev.penstock.local;

import dev.penstock.job.Failure;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobKind;
import dev.penstock.job.JobOutput;
import dev.penstock.local.classify.ZeroShot;
import dev.penstock.local.embed.Embedder;
import dev.penstock.local.inference.InferenceThreads;
import dev.penstock.local.inference.ModelUnavailableException;
import dev.penstock.local.language.LanguageDetection;
import dev.penstock.local.summarize.Extract;
import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderCall;
import dev.penstock.provider.ProviderResult;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All kinds of job, done in this process. A model is loaded by {@link #warmUp} or by the first call
 * that needs it. The same input gives the same output.
 */
final class LocalProvider implements Provider {
  static final String TYPE = "local";

  private static final Logger log = LoggerFactory.getLogger(LocalProvider.class);
  private static final Set<JobKind> KINDS =
      Set.of(JobKind.SUMMARIZE, JobKind.CLASSIFY, JobKind.EMBED, JobKind.DETECT_LANGUAGE);
  private static final String EMBEDDING_MODEL = "all-minilm-l6-v2";
  private static final String LANGUAGE_MODEL = "opennlp-langdetect";

  private final String name;
  private final InferenceThreads threads;
  private final Embedder embedder;
  private final ZeroShot zeroShot;
  private final Extract extract;
  private final LanguageDetection languages;
  private final AtomicBoolean closed = new AtomicBoolean();

  LocalProvider(String name, LocalSettings settings) {
    this.name = name;
    this.threads = new InferenceThreads(settings.inferenceThreads());
    this.embedder = new Embedder(threads);
    this.zeroShot = new ZeroShot(embedder, settings.cachedLabels());
    this.languages = new LanguageDetection(threads);
    this.extract = new Extract(threads, embedder, languages);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Set<JobKind> kinds() {
    return KINDS;
  }

  @Override
  public ProviderResult call(ProviderCall call) throws InterruptedException {
    Optional<ProviderResult> refusal = refusedModel(call);
    if (refusal.isPresent()) {
      return refusal.get();
    }
    try {
      return switch (call.input()) {
        case JobInput.Embed(String text) ->
            embedder
                .text(text)
                .<ProviderResult>map(
                    vector -> new ProviderResult.Answered(new JobOutput.Embedding(vector)))
                .orElseGet(() -> invalid("text has nothing but control characters and accents"));
        case JobInput.Classify(String text, List<String> labels) ->
            answer(
                zeroShot.classify(text, labels),
                JobOutput.Classification::new,
                "text has nothing but control characters and accents");
        case JobInput.Summarize(String text, int maxSentences) ->
            answer(
                extract.summarize(text, maxSentences),
                JobOutput.Summary::new,
                "text has nothing but white space and control characters");
        case JobInput.DetectLanguage(String text) ->
            answer(
                languages.detect(text),
                JobOutput.DetectedLanguages::new,
                "text has no letter, so it is in no language");
        case JobInput.Generate _, JobInput.Extract _ ->
            invalid("the models of the provider local do not write text");
      };
    } catch (ModelUnavailableException e) {
      // Another worker, or this one after a repair, may have it. The failure is told with the job.
      return new ProviderResult.Failed(new Failure.Retryable(String.valueOf(e.getMessage())));
    }
  }

  private static Optional<ProviderResult> refusedModel(ProviderCall call) {
    String asked = call.target().model();
    String known =
        call.input().kind() == JobKind.DETECT_LANGUAGE ? LANGUAGE_MODEL : EMBEDDING_MODEL;
    return asked.isEmpty() || asked.equals(known)
        ? Optional.empty()
        : Optional.of(
            invalid(
                "the provider local has no model '"
                    + asked
                    + "' for "
                    + call.input().kind().wireName()
                    + "; ask for 'local' or 'local:"
                    + known
                    + "'"));
  }

  private static <T> ProviderResult answer(
      List<T> found, Function<List<T>, JobOutput> output, String whyNone) {
    return found.isEmpty() ? invalid(whyNone) : new ProviderResult.Answered(output.apply(found));
  }

  private static ProviderResult invalid(String message) {
    return new ProviderResult.Failed(new Failure.InvalidRequest(message));
  }

  /**
   * Loads all models; ends early, and quietly, when the provider is closed meanwhile.
   *
   * @throws ModelUnavailableException when one can't be loaded on this machine
   */
  @Override
  public void warmUp() {
    long begin = System.nanoTime();
    try {
      embedder.warmUp();
      languages.warmUp();
      extract.warmUp();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    } catch (IllegalStateException e) {
      if (closed.get()) {
        log.debug("closed while the models were loaded", e);
        return;
      }
      throw e;
    }
    log.info("the local models were loaded in {} ms", (System.nanoTime() - begin) / 1_000_000);
  }

  /** Waits for calls into native code that were given up but still run, then frees the models. */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    if (threads.shutDown()) {
      embedder.close();
    } else {
      log.warn("a model still runs; its memory is kept until the process ends");
    }
  }
}
