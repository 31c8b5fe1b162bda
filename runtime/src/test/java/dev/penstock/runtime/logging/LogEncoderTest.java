package dev.penstock.runtime.logging;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import dev.penstock.codec.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;
import tools.jackson.databind.JsonNode;

/** What lines of the log look like, whatever stands in them. */
final class LogEncoderTest {
  private static final String FORGED = "12:00:00.000 INFO  d.p.worker - all is well";
  private static final String PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

  private final LoggerContext context = new LoggerContext();

  @Test
  void aPersonsLineSaysWhenHowBadWhoAndWhat() {
    assertThat(text(event("{} is slow", null, "openai")))
        .matches(
            "\\d\\d:\\d\\d:\\d\\d\\.\\d{3} WARN  d\\.p\\.worker\\.run\\.JobRunner - openai is"
                + " slow\n");
  }

  @Test
  void noMessageForgesALine() {
    String message = "the provider said: no\n" + FORGED + "\r" + FORGED + "\u2028" + FORGED;
    String lines = text(event("failed: {}", null, message));
    assertThat(lines.lines().skip(1))
        .isNotEmpty()
        .allSatisfy(line -> assertThat(line).startsWith(TextLines.FURTHER));
    assertThat(lines).doesNotContain("\r").doesNotContain("\u2028").contains("\\u000d");
  }

  @Test
  void noThrowableForgesALine() {
    var thrown =
        new IllegalStateException("broken\n" + FORGED, new RuntimeException("deep\n" + FORGED));
    thrown.addSuppressed(new RuntimeException("beside\n" + FORGED));
    String lines = text(event("it failed", thrown));
    assertThat(lines.lines().skip(1))
        .isNotEmpty()
        .allSatisfy(line -> assertThat(line).startsWith(TextLines.FURTHER));
    assertThat(lines).contains("caused by: ", "suppressed: ", "LogEncoderTest");
  }

  @Test
  void noMessageMovesTheCursorOrTurnsText() {
    assertThat(text(event("a\u001b[2Jb\u0007c\u202ed"))).contains("a\\u001b[2Jb\\u0007c\\u202ed");
  }

  @Test
  void aThrowableThatCausesItselfIsWrittenOnce() {
    var first = new RuntimeException("first");
    first.initCause(new RuntimeException("second", first));
    assertThat(text(event("it failed", first)).lines()).hasSizeLessThan(2_000);
  }

  @Test
  void jsonIsOneObjectALineWithWhatIsKnown() {
    LoggingEvent event =
        LogContext.ofCall(
            "job-17",
            2,
            () -> PARENT,
            () -> event("said: {}", new RuntimeException("a\nb"), "x\n\"y\" \u0001 ü 😀"));
    String line = encoded("json", event);
    assertThat(line.strip().lines()).hasSize(1);
    JsonNode json = Json.MAPPER.readTree(line);
    assertThat(json.path("level").asString()).isEqualTo("WARN");
    assertThat(json.path("formattedMessage").asString()).isEqualTo("said: x\n\"y\" \u0001 ü 😀");
    assertThat(json.path("mdc").path("job").asString()).isEqualTo("job-17");
    assertThat(json.path("mdc").path("attempt").asString()).isEqualTo("2");
    assertThat(json.path("mdc").path("trace_id").asString())
        .isEqualTo("0af7651916cd43dd8448eb211c80319c");
    assertThat(json.path("mdc").path("span_id").asString()).isEqualTo("b7ad6b7169203331");
    assertThat(json.path("throwable").path("message").asString()).isEqualTo("a\nb");
    assertThat(MDC.get(LogContext.JOB)).isNull();
  }

  @Test
  void aPersonsLineEndsWithWhatIsKnown() {
    LoggingEvent event = LogContext.ofRequest(PARENT, "order 17\n", () -> event("refused"));
    assertThat(text(event))
        .endsWith(
            " - refused [trace_id=0af7651916cd43dd8448eb211c80319c span_id=b7ad6b7169203331"
                + " correlation_id=order17]\n");
  }

  @Test
  void aClientsIdIsCleanedAndBounded() {
    assertThat(LogContext.cleaned("a/b:c=1@x\u001b[2J\nforged é")).isEqualTo("a/b:c=1@x2Jforged");
    assertThat(LogContext.cleaned("x".repeat(10_000))).hasSize(LogContext.MAX_CORRELATION_CHARS);
  }

  @Test
  void withoutATerminalMachinesAreServed() {
    String before = System.getProperty("penstock.terminal");
    try {
      for (String people : List.of("none,in,out,err", "none,err")) {
        System.setProperty("penstock.terminal", people);
        assertThat(LogFormat.AUTO.resolved()).isEqualTo(LogFormat.TEXT);
      }
      for (String machines : List.of("none", "none,in,out")) {
        System.setProperty("penstock.terminal", machines);
        assertThat(LogFormat.AUTO.resolved()).isEqualTo(LogFormat.JSON);
        assertThat(LogFormat.TEXT.resolved()).isEqualTo(LogFormat.TEXT);
      }
    } finally {
      if (before == null) {
        System.clearProperty("penstock.terminal");
      } else {
        System.setProperty("penstock.terminal", before);
      }
    }
  }

  private String text(LoggingEvent event) {
    return encoded("text", event);
  }

  private String encoded(String format, LoggingEvent event) {
    var encoder = new LogEncoder();
    encoder.setContext(context);
    encoder.setFormat(format);
    encoder.start();
    return new String(encoder.encode(event), StandardCharsets.UTF_8);
  }

  private LoggingEvent event(String message) {
    return event(message, null);
  }

  private LoggingEvent event(String message, @Nullable Throwable thrown, Object... arguments) {
    LogContext.make();
    var event =
        new LoggingEvent(
            LogEncoderTest.class.getName(),
            context.getLogger("dev.penstock.worker.run.JobRunner"),
            Level.WARN,
            message,
            thrown,
            arguments);
    event.setMDCPropertyMap(Objects.requireNonNullElse(MDC.getCopyOfContextMap(), Map.of()));
    return event;
  }
}
