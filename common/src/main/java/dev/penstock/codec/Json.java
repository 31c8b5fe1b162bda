package dev.penstock.codec;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.cfg.MapperConfig;
import tools.jackson.databind.introspect.Annotated;
import tools.jackson.databind.introspect.AnnotatedMember;
import tools.jackson.databind.introspect.AnnotatedParameter;
import tools.jackson.databind.introspect.JacksonAnnotationIntrospector;
import tools.jackson.databind.json.JsonMapper;

/**
 * How JSON is read and written. {@link #FACTORY} makes the parsers and generators of the records on
 * topics. {@link #MAPPER}, for everything else, binds it to records: duplicate keys, trailing
 * content, nulls and absent fields are refused (but where a component is {@link Nullable}), unknown
 * fields are skipped so that an older version reads what a newer one wrote, and depth, lengths and
 * numbers are bounded. Thread-safe.
 */
public final class Json {
  /** The deepest nesting that is read. */
  public static final int MAX_DEPTH = 32;

  /** The longest string that is read, in UTF-16 code units. */
  public static final int MAX_STRING_CHARS = 4_000_000;

  /** The longest number that is read, in digits. */
  public static final int MAX_NUMBER_CHARS = 64;

  /** The longest name of a field that is read. */
  public static final int MAX_NAME_CHARS = 256;

  static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxStringLength(MAX_STRING_CHARS)
                  .maxNumberLength(MAX_NUMBER_CHARS)
                  .maxNameLength(MAX_NAME_CHARS)
                  .build())
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .build();

  public static final JsonMapper MAPPER =
      JsonMapper.builder(FACTORY)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .changeDefaultPropertyInclusion(i -> i.withValueInclusion(JsonInclude.Include.NON_NULL))
          .annotationIntrospector(new JSpecifyNullness())
          .addModule(new DomainModule())
          .build();

  private Json() {}

  /** A component that is not {@link Nullable} must be there and must not be null. */
  private static final class JSpecifyNullness extends JacksonAnnotationIntrospector {
    private static final long serialVersionUID = 1L;

    @Override
    public @Nullable Boolean hasRequiredMarker(MapperConfig<?> config, AnnotatedMember member) {
      Boolean marked = super.hasRequiredMarker(config, member);
      return (marked == null && isNonNullComponent(member)) ? Boolean.TRUE : marked;
    }

    @Override
    public JsonSetter.Value findSetterInfo(MapperConfig<?> config, Annotated annotated) {
      return isNonNullComponent(annotated)
          ? JsonSetter.Value.forValueNulls(Nulls.FAIL)
          : super.findSetterInfo(config, annotated);
    }

    private static boolean isNonNullComponent(Annotated annotated) {
      return annotated instanceof AnnotatedParameter parameter
          && parameter.getDeclaringClass().isRecord()
          && parameter.getOwner().getAnnotated() instanceof java.lang.reflect.Executable executable
          && !executable.getAnnotatedParameterTypes()[parameter.getIndex()].isAnnotationPresent(
              Nullable.class);
    }
  }
}
