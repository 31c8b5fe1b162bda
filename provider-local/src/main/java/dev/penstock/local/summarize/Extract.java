package dev.penstock.local.summarize;

import dev.penstock.local.embed.Embedder;
import dev.penstock.local.embed.Vectors;
import dev.penstock.local.inference.InferenceThreads;
import dev.penstock.local.language.LanguageDetection;
import dev.penstock.local.sentence.Sentences;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Extractive summaries: the sentences nearest to the centre of the text, no two alike, in the order
 * of the text. The same text gives the same summary. Thread-safe.
 *
 * <p>A sentence's centrality is the cosine between its vector and the sum of all; that is the
 * degree centrality of LexRank (Erkan and Radev, 2004) with cosines as weights of the edges and no
 * threshold, since the sum over j of s·s_j is s·(sum of s_j), at a cost that grows with the number
 * of sentences and not with its square. Short sentences count less ({@link #FULL_LETTERS}). Against
 * redundancy: maximal marginal relevance (Carbonell and Goldstein, 1998) with {@link #RELEVANCE}.
 *
 * <p>Of a text with more than {@link #MAX_CANDIDATES} sentences, the longest that many are
 * considered.
 */
public final class Extract {
  /**
   * The most sentences that are given to the model: 2 seconds of one core for English, 10 at worst.
   */
  static final int MAX_CANDIDATES = 1_000;

  /** The weight of centrality against that of being unlike what is chosen already. */
  static final double RELEVANCE = 0.7;

  /**
   * What the first sentence gains in centrality, the second half of it, the third a third: texts
   * that inform say first what they are about.
   */
  static final double LEAD = 0.1;

  /** Sentences with fewer letters lose centrality in proportion; an ideograph counts for three. */
  static final int FULL_LETTERS = 60;

  private final InferenceThreads threads;
  private final Embedder embedder;
  private final LanguageDetection languages;
  private final Sentences sentences = new Sentences();

  public Extract(InferenceThreads threads, Embedder embedder, LanguageDetection languages) {
    this.threads = threads;
    this.embedder = embedder;
    this.languages = languages;
  }

  /** Loads the model of sentences; the others are the business of their owners. */
  public void warmUp() throws InterruptedException {
    threads.run(() -> {
      sentences.warmUp();
      return true;
    });
  }

  /**
   * At most {@code maxSentences} sentences of {@code text}; all of them where there are no more.
   *
   * @return empty where the text has nothing but white space and control characters
   */
  public List<String> summarize(String text, int maxSentences) throws InterruptedException {
    var detected = languages.detect(text);
    String language = detected.isEmpty() ? "und" : detected.getFirst().label();
    List<String> all = threads.run(() -> sentences.split(text, language));
    if (all.size() <= maxSentences) {
      return all;
    }
    List<Candidate> candidates = candidates(all);
    return threads.run(
        () -> chosen(candidates, maxSentences).stream().sorted().map(all::get).toList());
  }

  private List<Candidate> candidates(List<String> all) throws InterruptedException {
    List<Integer> considered =
        IntStream.range(0, all.size())
            .boxed()
            .sorted(Comparator.comparingInt((Integer i) -> -letters(all.get(i))))
            .limit(MAX_CANDIDATES)
            .sorted()
            .toList();
    var candidates = new ArrayList<Candidate>();
    for (int index : considered) {
      Optional<float[]> vector = embedder.sentence(all.get(index));
      double weight = Math.min(1, (double) letters(all.get(index)) / FULL_LETTERS);
      vector.ifPresent(present -> candidates.add(new Candidate(index, weight, present)));
    }
    return candidates;
  }

  /** The indices of the chosen sentences, best first; equal ones go by their order in the text. */
  private static List<Integer> chosen(List<Candidate> candidates, int maxSentences) {
    float[] centre = new float[Embedder.DIMENSIONS];
    candidates.forEach(candidate -> Vectors.add(centre, candidate.vector(), candidate.weight()));
    Vectors.normalise(centre);
    double[] centralities =
        candidates.stream()
            .mapToDouble(candidate ->
                candidate.weight()
                    * (Vectors.dot(candidate.vector(), centre) + LEAD / (1 + candidate.index())))
            .toArray();
    double[] likeness = new double[candidates.size()];
    boolean[] taken = new boolean[candidates.size()];
    var chosen = new ArrayList<Integer>();
    while (chosen.size() < Math.min(maxSentences, candidates.size())) {
      int best = -1;
      double bestScore = Double.NEGATIVE_INFINITY;
      for (int i = 0; i < taken.length; i++) {
        double score = RELEVANCE * centralities[i] - (1 - RELEVANCE) * likeness[i];
        if (!taken[i] && score > bestScore) {
          best = i;
          bestScore = score;
        }
      }
      taken[best] = true;
      chosen.add(candidates.get(best).index());
      for (int i = 0; i < taken.length; i++) {
        likeness[i] =
            Math.max(
                likeness[i],
                Vectors.dot(candidates.get(i).vector(), candidates.get(best).vector()));
      }
    }
    return chosen;
  }

  private static int letters(String sentence) {
    return sentence.codePoints().map(c -> !Character.isLetter(c) ? 0 : isDense(c) ? 3 : 1).sum();
  }

  /** Whether one character says as much as several letters of an alphabet. */
  private static boolean isDense(int c) {
    return switch (Character.UnicodeScript.of(c)) {
      case HAN, HIRAGANA, KATAKANA, HANGUL -> true;
      default -> false;
    };
  }

  /** A sentence that may be chosen: its place in the text, its weight and its vector. */
  @SuppressWarnings("ArrayRecordComponent") // never compared, never handed out
  private record Candidate(int index, double weight, float[] vector) {}
}
