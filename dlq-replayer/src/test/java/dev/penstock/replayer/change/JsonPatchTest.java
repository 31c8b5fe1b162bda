package dev.penstock.replayer.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.codec.Json;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The examples of RFC 6902, appendix A, and more at the edges. */
final class JsonPatchTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"foo":"bar"} | [{"op":"add","path":"/baz","value":"qux"}] | {"foo":"bar","baz":"qux"}
          {"foo":["bar","baz"]} | [{"op":"add","path":"/foo/1","value":"qux"}] | {"foo":["bar","qux","baz"]}
          {"foo":["bar"]} | [{"op":"add","path":"/foo/-","value":["abc"]}] | {"foo":["bar",["abc"]]}
          {"baz":"qux","foo":"bar"} | [{"op":"remove","path":"/baz"}] | {"foo":"bar"}
          {"foo":["bar","qux","baz"]} | [{"op":"remove","path":"/foo/1"}] | {"foo":["bar","baz"]}
          {"baz":"qux","foo":"bar"} | [{"op":"replace","path":"/baz","value":"boo"}] | {"baz":"boo","foo":"bar"}
          {"foo":{"bar":"baz","waldo":"fred"},"qux":{}} | [{"op":"move","from":"/foo/waldo","path":"/qux/thud"}] | {"foo":{"bar":"baz"},"qux":{"thud":"fred"}}
          {"foo":["all","grass","cows","eat"]} | [{"op":"move","from":"/foo/1","path":"/foo/3"}] | {"foo":["all","cows","eat","grass"]}
          {"a":{"b":1}} | [{"op":"copy","from":"/a","path":"/c"},{"op":"replace","path":"/c/b","value":2}] | {"a":{"b":1},"c":{"b":2}}
          {"baz":"qux"} | [{"op":"test","path":"/baz","value":"qux"}] | {"baz":"qux"}
          {"foo":"bar"} | [{"op":"add","path":"/child","value":{"grandchild":{}}}] | {"foo":"bar","child":{"grandchild":{}}}
          {"/":9,"~1":10} | [{"op":"test","path":"/~01","value":10}] | {"/":9,"~1":10}
          {"a":1} | [{"op":"replace","path":"","value":{"b":2}}] | {"b":2}
          {"a":null} | [{"op":"replace","path":"/a","value":7}] | {"a":7}
          """)
  void appliesAsTheStandardSays(String document, String patch, String expected) throws Exception {
    assertThat(JsonPatch.parse(patch).apply(Json.MAPPER.readTree(document)))
        .isEqualTo(Json.MAPPER.readTree(expected));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"baz":"qux"} | [{"op":"test","path":"/baz","value":"bar"}]
          {"foo":"bar"} | [{"op":"add","path":"/baz/bat","value":"qux"}]
          {"foo":"bar"} | [{"op":"replace","path":"/baz","value":1}]
          {"foo":"bar"} | [{"op":"remove","path":"/baz"}]
          {"foo":["bar"]} | [{"op":"add","path":"/foo/2","value":"qux"}]
          {"foo":["bar"]} | [{"op":"add","path":"/foo/x","value":"qux"}]
          {"a":{"b":1}} | [{"op":"move","from":"/a","path":"/a/b"}]
          {"a":1} | [{"op":"remove","path":""}]
          """)
  void whatDoesNotFitIsToldAndChangesNothing(String document, String patch) {
    var tree = Json.MAPPER.readTree(document);
    assertThatThrownBy(() -> JsonPatch.parse(patch).apply(tree))
        .isInstanceOf(JsonPatch.MismatchException.class)
        .hasMessageContaining("operation 1");
    assertThat(tree).isEqualTo(Json.MAPPER.readTree(document));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {}
          [{"op":"spin","path":"/a"}]
          [{"op":"add","path":"/a"}]
          [{"op":"add","path":"a","value":1}]
          [{"op":"move","path":"/a"}]
          not JSON
          """)
  void whatIsNoPatchIsRefused(String patch) {
    assertThatThrownBy(() -> JsonPatch.parse(patch))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("JSON Patch");
  }
}
