package dev.penstock.fake;

import dev.penstock.fake.Answer.Finish;
import org.jspecify.annotations.Nullable;

/** Writes the same answer to the same request, model and seed. */
final class Author {
  private static final String[] WORDS = {
    "water", "flows", "through", "the", "pipe", "and", "turns", "a", "wheel", "that", "lights",
    "every", "house", "below", "hill", "where", "people", "work", "until", "evening", "comes",
    "with", "rain", "on", "stone", "walls", "of", "old", "mills", "by", "river", "again"
  };

  private static final String REFUSAL = "I'm sorry, but I can't help with that.";

  private Author() {}

  /**
   * The answer.
   *
   * @param fault what is wrong with what it says, or null
   */
  static Answer write(Script script, Asked asked, Misbehaviour.@Nullable Content fault) {
    long mixed = Mix.of(script.seed(), Mix.of(asked.model()), Mix.of(asked.prompt()));
    if (fault instanceof Misbehaviour.Refuse) {
      return new Answer(REFUSAL, null, Finish.REFUSAL, Tokens.of(REFUSAL));
    }
    String tool = asked.tool() == null ? null : asked.tool().name();
    String whole;
    if (asked.tool() != null) {
      whole = SchemaSample.of(asked.tool().parameters(), mixed).toString();
    } else if (asked.schema() != null) {
      whole = SchemaSample.of(asked.schema(), mixed).toString();
    } else {
      whole = prose(mixed, script.answerTokens() * Tokens.CHARS);
    }
    long most =
        asked.maxTokens() == null ? Integer.MAX_VALUE : (long) asked.maxTokens() * Tokens.CHARS;
    long half = Math.max(1, whole.length() / 2);
    return switch (fault) {
      case Misbehaviour.Length _ -> cut(whole, tool, Math.min(half, most), Finish.LENGTH);
      case Misbehaviour.ContentFilter _ -> cut(whole, tool, Math.min(half, most), Finish.FILTER);
      case Misbehaviour.Refuse _ -> throw new AssertionError("answered above");
      case null -> {
        if (whole.length() > most) {
          yield cut(whole, tool, most, Finish.LENGTH);
        }
        yield new Answer(whole, tool, tool == null ? Finish.STOP : Finish.TOOL, Tokens.of(whole));
      }
    };
  }

  private static Answer cut(String whole, @Nullable String tool, long chars, Finish finish) {
    String text = whole.substring(0, (int) Math.min(whole.length(), chars));
    return new Answer(text, tool, finish, Tokens.of(text));
  }

  private static String prose(long mixed, int chars) {
    var prose = new StringBuilder(chars + 16);
    for (long i = 0; prose.length() < chars; i++) {
      String word = WORDS[(int) Long.remainderUnsigned(Mix.of(mixed, i), WORDS.length)];
      if (prose.isEmpty()) {
        prose.append(Character.toUpperCase(word.charAt(0))).append(word, 1, word.length());
      } else {
        prose.append(' ').append(word);
      }
    }
    prose.setLength(chars);
    prose.setCharAt(chars - 1, '.');
    return prose.toString();
  }
}
