package dev.penstock.replayer.select;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.penstock.codec.Json;
import dev.penstock.replayer.look.InvalidQueryException;
import dev.penstock.replayer.look.LetterId;
import dev.penstock.replayer.look.LetterQuery;
import dev.penstock.replayer.look.SomeLetters;
import dev.penstock.replayer.select.Selection.What;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SelectionTest {
  private static Selection parse(String json) {
    return Selection.parse(Json.MAPPER.readTree(json));
  }

  @Test
  void saysByAFilterByPlacesOrByJobsWhatIsMeant() {
    assertThat(parse("{\"filter\":{}}"))
        .isEqualTo(new Selection(new What.Filter(LetterQuery.OPEN), null, null));
    assertThat(parse("{\"letters\":[\"3-17\",\"0-0\",\"3-17\"],\"seed\":-4}"))
        .isEqualTo(
            new Selection(
                new What.Letters(Set.of(new LetterId(3, 17), new LetterId(0, 0))), null, -4L));
    assertThat(parse("{\"ids\":[\"" + SomeLetters.id(1) + "\"],\"sample\":{\"count\":5}}"))
        .isEqualTo(
            new Selection(new What.Ids(Set.of(SomeLetters.id(1))), new Portion.Count(5), null));
    assertThat(parse("{\"filter\":{},\"sample\":{\"percent\":0.5}}").sample())
        .isEqualTo(new Portion.Percent(0.5));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          []                                          | must be an object
          {}                                          | must have one of filter, letters and ids
          {"filter":{},"ids":[]}                      | must have one of filter, letters and ids
          {"filter":{},"limit":5}                     | /limit is not known
          {"filter":[]}                               | /filter must be an object
          {"filter":{"kind":"x"}}                     | /filter/kind must be one of
          {"letters":[]}                              | /letters must be a list of 1 to 10000
          {"letters":["3-17","3"]}                    | /letters/1 must be PARTITION-OFFSET
          {"ids":["3-17"]}                            | /ids/0 must be the id of a job
          {"filter":{},"sample":5}                    | /sample must have a count
          {"filter":{},"sample":{"count":0}}          | /sample must have a count
          {"filter":{},"sample":{"count":100001}}     | /sample must have a count
          {"filter":{},"sample":{"percent":101}}      | /sample must have a count
          {"filter":{},"sample":{"count":1,"percent":1}} | /sample must have a count
          {"filter":{},"seed":"x"}                    | /seed must be a whole number
          """)
  void whatIsWrongIsNamed(String json, String told) {
    assertThatExceptionOfType(InvalidQueryException.class)
        .isThrownBy(() -> parse(json))
        .withMessageContaining(told);
  }
}
