package dev.penstock.local.sentence;

import dev.penstock.local.inference.LoadedOnce;
import dev.penstock.local.inference.ModelUnavailableException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import opennlp.tools.sentdetect.SentenceDetectorME;
import opennlp.tools.sentdetect.SentenceModel;
import opennlp.tools.util.Span;

/**
 * Cuts a text into sentences: English by OpenNLP's model, all else by the rules of {@link
 * BreakIterator}, which know the full stops of Chinese and Japanese and need no space after them.
 * Then repairs what both get wrong. Thread-safe; run it inside a unit of inference.
 */
public final class Sentences {
  /** A longer sentence is cut, at a space where there is one: UTF-16 code units. */
  static final int MAX_CHARS = 2_000;

  private static final String MODEL = "/opennlp-en-ud-ewt-sentence-1.3-2.5.4.bin";
  private static final Pattern PARAGRAPHS = Pattern.compile("(?>\\R)[ \\t]*+(?>\\R)\\s*+");

  /** Blocks for the English model, whose memory and time grow with the text. */
  private static final int MAX_BLOCK_CHARS = 50_000;

  /** The longest abbreviation that is known, with what may stand around it. */
  private static final int MAX_ABBREVIATION_CHARS = 20;

  /** What ends with a full stop but ends no sentence. Single letters are always taken so. */
  private static final Map<String, Set<String>> ABBREVIATIONS =
      Map.of(
          "eng",
          Set.of(
              "mr", "mrs", "ms", "dr", "st", "prof", "rev", "gen", "col", "capt", "lieut", "lt",
              "hon", "messrs", "esq", "vs", "viz", "etc", "fig", "prop", "no", "vol", "chap", "mt",
              "co", "i.e", "e.g", "u.s"),
          "deu",
          Set.of(
              "hr", "fr", "dr", "prof", "st", "z.b", "d.h", "u.a", "usw", "bzw", "ca", "vgl", "nr",
              "s", "bd", "sog", "geb", "jh", "evtl"),
          "fra",
          Set.of("m", "mm", "mme", "mlle", "mgr", "dr", "st", "ste", "cf", "etc", "av", "p.ex"),
          "spa",
          Set.of("sr", "sra", "srta", "d", "dr", "dra", "ud", "uds", "vd", "etc", "p.ej", "núm"),
          "por",
          Set.of("sr", "sra", "dr", "dra", "d", "v.exa", "exa", "etc", "p.ex", "núm"),
          "ces",
          Set.of(
              "p", "pí", "sl", "dr", "ing", "prof", "mgr", "tzv", "např", "atd", "apod", "tj",
              "resp", "č", "str", "sv"),
          "nld",
          Set.of("dhr", "mevr", "mr", "dr", "prof", "bijv", "d.w.z", "o.a", "enz", "nr", "st"));

  private static final Map<String, String> LOCALES =
      Map.of(
          "deu", "de", "fra", "fr", "spa", "es", "por", "pt", "ces", "cs", "cmn", "zh", "jpn", "ja",
          "nld", "nl", "kor", "ko");

  private final LoadedOnce<SentenceModel> english = new LoadedOnce<>(Sentences::load);

  /** Loads the English model. */
  public void warmUp() {
    english.get();
  }

  /**
   * The sentences of {@code text} in order, with white space made single; none is empty. A blank
   * line ends a sentence, a single line break does not.
   *
   * @param language an ISO 639-3 code; an unknown one gets the rules that hold for most languages
   */
  public List<String> split(String text, String language) {
    var sentences = new ArrayList<String>();
    for (String paragraph : PARAGRAPHS.split(text, -1)) {
      for (String block : blocks(spaced(paragraph))) {
        List<String> parts = language.equals("eng") ? english(block) : byRules(block, language);
        repaired(parts, language).forEach(part -> sentences.addAll(bounded(part)));
      }
    }
    return sentences;
  }

  private List<String> english(String block) {
    var parts = new ArrayList<String>();
    int from = 0;
    for (Span span : new SentenceDetectorME(english.get()).sentPosDetect(block)) {
      // What lies between two spans belongs to the first: nothing of the text is lost.
      if (span.getStart() > from) {
        parts.add(block.substring(from, span.getStart()));
        from = span.getStart();
      }
    }
    parts.add(block.substring(from));
    return parts;
  }

  private static List<String> byRules(String block, String language) {
    var rules =
        BreakIterator.getSentenceInstance(
            Locale.forLanguageTag(LOCALES.getOrDefault(language, "und")));
    rules.setText(block);
    var parts = new ArrayList<String>();
    int from = rules.first();
    for (int to = rules.next(); to != BreakIterator.DONE; to = rules.next()) {
      parts.add(block.substring(from, to));
      from = to;
    }
    return parts;
  }

  /**
   * Joins what was cut after an abbreviation, before something that has no letter (a closing
   * quote), or before a lower-case letter ("Stop!" he cried.).
   */
  private static List<String> repaired(List<String> parts, String language) {
    Set<String> abbreviations = ABBREVIATIONS.getOrDefault(language, Set.of());
    var sentences = new ArrayList<String>();
    var current = new StringBuilder();
    for (String part : parts) {
      if (!current.isEmpty() && !continues(current, part, abbreviations)) {
        add(sentences, current);
      }
      current.append(part);
    }
    add(sentences, current);
    return sentences;
  }

  private static void add(List<String> sentences, StringBuilder current) {
    String sentence = current.toString().strip();
    if (!sentence.isEmpty()) {
      sentences.add(sentence);
    }
    current.setLength(0);
  }

  private static boolean continues(StringBuilder current, String part, Set<String> abbreviations) {
    if (current.length() + part.length() > MAX_CHARS) {
      return false;
    }
    String next = part.stripLeading();
    if (next.isEmpty() || next.codePoints().noneMatch(Character::isLetterOrDigit)) {
      return true;
    }
    if (Character.isLowerCase(next.codePointAt(0))) {
      return true;
    }
    String tail =
        current.substring(Math.max(0, current.length() - MAX_ABBREVIATION_CHARS)).stripTrailing();
    return tail.endsWith(".") && isAbbreviation(lastWord(tail), abbreviations);
  }

  /** The last word without its full stop. */
  private static String lastWord(String head) {
    int end = head.length() - 1;
    int from = end;
    while (from > 0
        && (Character.isLetter(head.charAt(from - 1)) || head.charAt(from - 1) == '.')) {
      from--;
    }
    return head.substring(from, end);
  }

  private static boolean isAbbreviation(String word, Set<String> abbreviations) {
    boolean initial =
        word.length() == 1 && Character.isUpperCase(word.charAt(0)) && !word.equals("I");
    return initial || abbreviations.contains(word.toLowerCase(Locale.ROOT));
  }

  private static List<String> bounded(String sentence) {
    return cut(sentence, MAX_CHARS);
  }

  private static List<String> blocks(String paragraph) {
    return cut(paragraph, MAX_BLOCK_CHARS);
  }

  /** Pieces of at most {@code maxChars}, cut at the last space of the second half, or anywhere. */
  private static List<String> cut(String text, int maxChars) {
    if (text.length() <= maxChars) {
      return List.of(text);
    }
    var pieces = new ArrayList<String>();
    int from = 0;
    while (text.length() - from > maxChars) {
      int space = text.lastIndexOf(' ', from + maxChars);
      int to = space > from + maxChars / 2 ? space + 1 : from + maxChars;
      if (Character.isLowSurrogate(text.charAt(to))
          && Character.isHighSurrogate(text.charAt(to - 1))) {
        to--;
      }
      pieces.add(text.substring(from, to));
      from = to;
    }
    pieces.add(text.substring(from));
    return pieces.stream().map(String::strip).filter(piece -> !piece.isEmpty()).toList();
  }

  /** White space and control characters made single spaces, without a regex's recursion. */
  private static String spaced(String text) {
    var spaced = new StringBuilder(text.length());
    boolean space = true;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isWhitespace(c) || Character.isSpaceChar(c) || Character.isISOControl(c)) {
        if (!space) {
          spaced.append(' ');
        }
        space = true;
      } else {
        spaced.append(c);
        space = false;
      }
    }
    return spaced.toString().strip();
  }

  private static SentenceModel load() {
    try (InputStream stream = Sentences.class.getResourceAsStream(MODEL)) {
      if (stream == null) {
        throw new FileNotFoundException(MODEL + " is not on the class path");
      }
      return new SentenceModel(stream);
    } catch (IOException e) {
      throw new ModelUnavailableException(
          "the sentence model can't be loaded ("
              + e
              + "); check the jar opennlp-models-sentdetect-en",
          e);
    }
  }
}
