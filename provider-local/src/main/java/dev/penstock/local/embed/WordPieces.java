package dev.penstock.local.embed;

import java.io.IOException;
import java.io.InputStream;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/**
 * The tokenizer of BERT models that know no case: text to the numbers of word pieces. Written in
 * Java because the usual one is a native library of 14 MB per platform that unpacks itself into the
 * home directory and asks the network where it has no build; a test holds this one to the same
 * numbers. Immutable, thread-safe.
 *
 * <p>Algorithm: Devlin et al., BERT (2019), as in Hugging Face's {@code BertNormalizer}, {@code
 * BertPreTokenizer} and {@code WordPiece}: control characters out, accents off, lower case; words
 * end at white space, punctuation and around each Chinese character; a word is cut greedily into
 * the longest known pieces; a word of more than 100 characters, or with an unknown rest, is one
 * "unknown".
 */
final class WordPieces {
  /** Stands before every text. */
  static final int CLS = 101;

  /** Stands after every text. */
  static final int SEP = 102;

  /** A word that can't be said in known pieces. */
  static final int UNKNOWN = 100;

  private static final int MAX_WORD_CODE_POINTS = 100;
  private static final String CONTINUATION = "##";
  private static final Set<String> SENTENCE_ENDS = Set.of(".", "!", "?", "。", "！", "？", "।", "؟");

  private final Map<String, Integer> starts = new HashMap<>();
  private final Map<String, Integer> continuations = new HashMap<>();
  private final BitSet sentenceEnds = new BitSet();
  private final BitSet wordStarts = new BitSet();
  private final int longestPiece;

  /** Reads the vocabulary out of a {@code tokenizer.json}. */
  WordPieces(InputStream tokenizerJson) throws IOException {
    int longest = 0;
    var factory = JsonFactory.builder().build();
    try (JsonParser parser = factory.createParser(ObjectReadContext.empty(), tokenizerJson)) {
      while (!(parser.nextToken() == JsonToken.PROPERTY_NAME
          && parser.currentName().equals("vocab"))) {
        if (parser.currentToken() == null) {
          throw new IOException("the tokenizer's file has no \"vocab\"");
        }
      }
      parser.nextToken();
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String piece = Objects.requireNonNull(parser.currentName());
        parser.nextToken();
        boolean continues = piece.startsWith(CONTINUATION) && piece.length() > 2;
        String letters = continues ? piece.substring(2) : piece;
        int id = parser.getIntValue();
        (continues ? continuations : starts).put(letters, id);
        wordStarts.set(id, !continues);
        sentenceEnds.set(id, !continues && SENTENCE_ENDS.contains(piece));
        longest = Math.max(longest, letters.length());
      }
    }
    this.longestPiece = longest;
  }

  /**
   * The pieces of {@code text}, without {@link #CLS} and {@link #SEP}.
   *
   * @param maxPieces where to stop
   */
  int[] encode(String text, int maxPieces) {
    var pieces = new Pieces(maxPieces);
    String decomposed = Normalizer.normalize(text, Normalizer.Form.NFD);
    var word = new StringBuilder();
    int wordCodePoints = 0;
    int i = 0;
    while (i < decomposed.length() && !pieces.full()) {
      int c = decomposed.codePointAt(i);
      i += Character.charCount(c);
      if (isSpace(c)) {
        cut(word, wordCodePoints, pieces);
        wordCodePoints = 0;
      } else if (isPunctuation(c) || isChinese(c)) {
        cut(word, wordCodePoints, pieces);
        cut(word.appendCodePoint(Character.toLowerCase(c)), 1, pieces);
        wordCodePoints = 0;
      } else if (!isDropped(c) && wordCodePoints <= MAX_WORD_CODE_POINTS) {
        // Beyond the limit only its length matters: a word of 200,000 letters takes no memory.
        word.appendCodePoint(Character.toLowerCase(c));
        wordCodePoints++;
      }
    }
    cut(word, wordCodePoints, pieces);
    return pieces.toArray();
  }

  /** Whether {@code piece} begins a word. */
  boolean startsWord(int piece) {
    return wordStarts.get(piece);
  }

  /** Whether a sentence may end with {@code piece}. */
  boolean endsSentence(int piece) {
    return sentenceEnds.get(piece);
  }

  /** Adds the pieces of {@code word} and empties it. */
  private void cut(StringBuilder word, int codePoints, Pieces pieces) {
    if (word.isEmpty()) {
      return;
    }
    int mark = pieces.size();
    int from = 0;
    while (from < word.length() && codePoints <= MAX_WORD_CODE_POINTS) {
      Map<String, Integer> known = from == 0 ? starts : continuations;
      Integer piece = null;
      int to = Math.min(word.length(), from + longestPiece);
      while (to > from && (piece = known.get(word.substring(from, to))) == null) {
        to--;
      }
      if (piece == null) {
        break;
      }
      pieces.add(piece);
      from = to;
    }
    if (from < word.length()) {
      pieces.cutTo(mark);
      pieces.add(UNKNOWN);
    }
    word.setLength(0);
  }

  private static boolean isSpace(int c) {
    return c == '\t' || c == '\n' || c == '\r' || Character.isSpaceChar(c);
  }

  private static boolean isDropped(int c) {
    if (c == 0xFFFD) {
      return true;
    }
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.PRIVATE_USE,
          Character.SURROGATE,
          Character.NON_SPACING_MARK ->
          true;
      default -> false;
    };
  }

  private static boolean isPunctuation(int c) {
    if (c < 128) {
      return c > ' ' && c < 127 && !Character.isLetterOrDigit(c);
    }
    return switch (Character.getType(c)) {
      case Character.CONNECTOR_PUNCTUATION,
          Character.DASH_PUNCTUATION,
          Character.START_PUNCTUATION,
          Character.END_PUNCTUATION,
          Character.INITIAL_QUOTE_PUNCTUATION,
          Character.FINAL_QUOTE_PUNCTUATION,
          Character.OTHER_PUNCTUATION ->
          true;
      default -> false;
    };
  }

  private static boolean isChinese(int c) {
    return (c >= 0x4E00 && c <= 0x9FFF)
        || (c >= 0x3400 && c <= 0x4DBF)
        || (c >= 0x20000 && c <= 0x2A6DF)
        || (c >= 0x2A700 && c <= 0x2B73F)
        || (c >= 0x2B740 && c <= 0x2B81F)
        || (c >= 0x2B920 && c <= 0x2CEAF)
        || (c >= 0xF900 && c <= 0xFAFF)
        || (c >= 0x2F800 && c <= 0x2FA1F);
  }

  /** A growing array with an upper bound; what is added beyond is dropped. */
  private static final class Pieces {
    private final int max;
    private int[] ids = new int[64];
    private int size;

    Pieces(int max) {
      this.max = max;
    }

    void add(int id) {
      if (full()) {
        return;
      }
      if (size == ids.length) {
        ids = Arrays.copyOf(ids, size * 2);
      }
      ids[size++] = id;
    }

    void cutTo(int newSize) {
      size = newSize;
    }

    boolean full() {
      return size >= max;
    }

    int size() {
      return size;
    }

    int[] toArray() {
      return Arrays.copyOf(ids, size);
    }
  }
}
