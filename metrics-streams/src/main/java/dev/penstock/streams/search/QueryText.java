package dev.penstock.streams.search;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.analysis.tokenattributes.PositionIncrementAttribute;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.FuzzyQuery;
import org.apache.lucene.search.PhraseQuery;
import org.apache.lucene.search.PrefixQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.util.BytesRef;

/**
 * The language of full-text queries: words, of which all must be found; {@code "a phrase"} in its
 * order; {@code word~} for words like it; {@code prefix*} for words that begin so. What looks like
 * a job's id, or with {@code *} its beginning, also finds the job. Nothing else has a meaning. All
 * is bounded, so the dearest query is known: no wildcard stands at a beginning, and a similar word
 * shares its first letter.
 */
final class QueryText {
  static final int MAX_CHARS = 500;
  static final int MAX_CLAUSES = 32;

  /** The fewest letters before a {@code *}. */
  static final int MIN_PREFIX_CHARS = 2;

  /** The fewest letters before a {@code ~}. */
  static final int MIN_FUZZY_CHARS = 3;

  /** From this length on two letters may differ. */
  private static final int LONG_WORD_CHARS = 6;

  /** The most words that one similar word stands for. */
  private static final int MAX_SIMILAR = 50;

  /** The most words of one phrase. */
  static final int MAX_PHRASE_WORDS = 32;

  private static final String NAME = "q";
  private static final Pattern ID = Pattern.compile("[0-9a-fA-F]{8}-[0-9a-fA-F-]{1,27}");
  private static final Pattern ID_BEGINNING = Pattern.compile("[0-9a-fA-F][0-9a-fA-F-]{3,35}");
  private static final int ID_CHARS = 36;
  private static final Analyzer WORDS = new Words();

  private QueryText() {}

  /**
   * The query that {@code text} says.
   *
   * @throws InvalidParameterException when it says none
   */
  static Query parse(String text) {
    if (text.length() > MAX_CHARS) {
      throw wrong("has at most " + MAX_CHARS + " characters");
    }
    var all = new BooleanQuery.Builder();
    int clauses = 0;
    int at = 0;
    while (at < text.length()) {
      int c = text.codePointAt(at);
      if (isSpace(c)) {
        at += Character.charCount(c);
        continue;
      }
      if (++clauses > MAX_CLAUSES) {
        throw wrong("has at most " + MAX_CLAUSES + " words and phrases");
      }
      int end;
      Query clause;
      if (c == '"') {
        end = text.indexOf('"', at + 1);
        if (end < 0) {
          throw wrong("has a phrase that does not end: a \" is missing");
        }
        clause = phrase(text.substring(at + 1, end));
        end++;
      } else {
        end = at;
        while (end < text.length() && !isSpace(text.codePointAt(end)) && text.charAt(end) != '"') {
          end += Character.charCount(text.codePointAt(end));
        }
        clause = word(text.substring(at, end));
      }
      all.add(clause, BooleanClause.Occur.FILTER);
      at = end;
    }
    if (clauses == 0) {
      throw wrong("is empty");
    }
    return all.build();
  }

  private static Query word(String word) {
    int star = word.indexOf('*');
    if (star == 0) {
      throw wrong("has a * at the beginning of a word; it can only end one");
    }
    if (star > 0 && star < word.length() - 1) {
      throw wrong("has a * inside of a word; it can only end one");
    }
    if (star > 0) {
      return beginningWith(word.substring(0, star));
    }
    if (word.length() > 1 && word.endsWith("~")) {
      return like(word.substring(0, word.length() - 1));
    }
    if (word.length() == ID_CHARS && ID.matcher(word).matches()) {
      return new TermQuery(new Term(JobDocument.ID, lower(word)));
    }
    return phrase(word);
  }

  private static Query beginningWith(String beginning) {
    String term = normalized(beginning);
    if (term.codePointCount(0, term.length()) < MIN_PREFIX_CHARS) {
      throw wrong("needs at least " + MIN_PREFIX_CHARS + " characters before a *");
    }
    var words = new PrefixQuery(new Term(JobDocument.TEXT, term));
    if (!ID_BEGINNING.matcher(beginning).matches()) {
      return words;
    }
    return new BooleanQuery.Builder()
        .add(words, BooleanClause.Occur.SHOULD)
        .add(
            new PrefixQuery(new Term(JobDocument.ID, lower(beginning))), BooleanClause.Occur.SHOULD)
        .build();
  }

  private static Query like(String word) {
    String term = normalized(word);
    int length = term.codePointCount(0, term.length());
    if (length < MIN_FUZZY_CHARS) {
      throw wrong("needs at least " + MIN_FUZZY_CHARS + " characters before a ~");
    }
    int edits = length < LONG_WORD_CHARS ? 1 : 2;
    return new FuzzyQuery(
        new Term(JobDocument.TEXT, term),
        edits,
        1,
        MAX_SIMILAR,
        true,
        new org.apache.lucene.search.MultiTermQuery.TopTermsBoostOnlyBooleanQueryRewrite(
            MAX_SIMILAR));
  }

  /** What stands between spaces or quotes: one word, or several in their order. */
  private static Query phrase(String text) {
    var phrase = new PhraseQuery.Builder();
    List<String> words = new ArrayList<>();
    int position = -1;
    try (TokenStream tokens = WORDS.tokenStream(JobDocument.TEXT, text)) {
      var term = tokens.addAttribute(CharTermAttribute.class);
      var step = tokens.addAttribute(PositionIncrementAttribute.class);
      tokens.reset();
      while (tokens.incrementToken()) {
        position += step.getPositionIncrement();
        words.add(term.toString());
        phrase.add(new Term(JobDocument.TEXT, term.toString()), position);
      }
      tokens.end();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (words.isEmpty()) {
      throw wrong("has a word or phrase without a letter or digit");
    }
    if (words.size() > MAX_PHRASE_WORDS) {
      throw wrong("has a phrase of more than " + MAX_PHRASE_WORDS + " words");
    }
    return words.size() == 1
        ? new TermQuery(new Term(JobDocument.TEXT, words.getFirst()))
        : phrase.build();
  }

  private static String normalized(String word) {
    BytesRef term = WORDS.normalize(JobDocument.TEXT, word);
    return term.utf8ToString();
  }

  private static String lower(String id) {
    return id.toLowerCase(java.util.Locale.ROOT);
  }

  private static boolean isSpace(int c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || Character.isISOControl(c);
  }

  private static InvalidParameterException wrong(String rule) {
    return new InvalidParameterException(NAME, rule);
  }
}
