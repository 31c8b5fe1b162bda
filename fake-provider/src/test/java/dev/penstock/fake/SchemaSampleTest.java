package dev.penstock.fake;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.dialect.Dialects;
import dev.penstock.codec.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What is made from a schema fits it, says a validator that others wrote. */
class SchemaSampleTest {
  private static final int SEEDS = 50;

  @Test
  void aSchemaThatContainsItselfManyTimesHasASampleAllTheSame() {
    String self = "{'$ref':'#'}";
    String schema =
        "{'type':'object','properties':{'a':S,'b':S,'c':S,'d':S,'e':S,'f':S,'g':S}}"
            .replace("S", self)
            .replace('\'', '"');

    assertThat(SchemaSample.of(Json.MAPPER.readTree(schema), 1).toString().length())
        .isLessThan(1_000_000);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'type':'object','properties':{'a':{'type':'string'},'b':{'type':'integer'}},"
            + "'required':['a','b'],'additionalProperties':false}",
        "{'type':'object','properties':{'a':{'type':['string','null'],'minLength':30,'maxLength':31}},"
            + "'required':['a']}",
        "{'type':'array','items':{'enum':['x',2,null]},'minItems':3,'maxItems':3}",
        "{'type':'integer','minimum':5,'maximum':6}",
        "{'type':'integer','exclusiveMinimum':5,'exclusiveMaximum':7}",
        "{'type':'number','exclusiveMinimum':0,'maximum':2}",
        "{'type':'number','maximum':-7}",
        "{'type':'integer','minimum':10,'multipleOf':7}",
        "{'const':{'a':[1,2]}}",
        "{'type':'boolean'}",
        "{'type':'string','format':'date-time'}",
        "{'type':'string','format':'date'}",
        "{'type':'string','format':'email'}",
        "{'type':'string','format':'uuid'}",
        "{'type':'string','format':'ipv4'}",
        "{'type':'string','format':'ipv6'}",
        "{'anyOf':[{'type':'null'},{'type':'object','properties':{'k':{'const':1}},"
            + "'required':['k']}]}",
        "{'$ref':'#/$defs/node','$defs':{'node':{'type':'object','properties':{'value':{'type':"
            + "'integer'},'next':{'anyOf':[{'$ref':'#/$defs/node'},{'type':'null'}]},'children':"
            + "{'type':'array','items':{'$ref':'#/$defs/node'}}},'required':['value','next',"
            + "'children'],'additionalProperties':false}}}",
        "{}"
      })
  void aSampleFitsItsSchema(String schema) {
    JsonNode parsed = Json.MAPPER.readTree(schema.replace('\'', '"'));
    var validator = SchemaRegistry.withDialect(Dialects.getDraft202012()).getSchema(parsed);
    for (long seed = 0; seed < SEEDS; seed++) {
      JsonNode sample = SchemaSample.of(parsed, seed);

      assertThat(
              validator.validate(
                  sample, context -> context.executionConfig(c -> c.formatAssertionsEnabled(true))))
          .as("%s, seed %s", sample, seed)
          .isEmpty();
    }
  }
}
