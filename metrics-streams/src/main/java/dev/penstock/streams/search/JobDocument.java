package dev.penstock.streams.search;

import dev.penstock.codec.Json;
import dev.penstock.job.Failure;
import dev.penstock.job.JobId;
import dev.penstock.job.JobView;
import dev.penstock.job.Priority;
import dev.penstock.streams.view.JobLife;
import dev.penstock.streams.view.JobViews;
import java.util.Map;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.FieldType;
import org.apache.lucene.document.KeywordField;
import org.apache.lucene.document.LongField;
import org.apache.lucene.document.NumericDocValuesField;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.IndexableField;
import org.apache.lucene.index.Term;
import org.jspecify.annotations.Nullable;

/**
 * A job as it stands in the index. A document is a function of the job's life, of what was
 * submitted and of its output, so who writes it again writes the same.
 */
final class JobDocument {
  /** The job's id, as text; there is one document of each. */
  static final String ID = "id";

  /** All words. */
  static final String TEXT = "text";

  /** The id as two numbers, by which jobs with equal sort values are put in order. */
  static final String ID_HIGH = "id.high";

  static final String ID_LOW = "id.low";

  private static final String SUMMARY = "summary";
  private static final String INPUT = "input";

  private static final FieldType WORDS = words();

  private JobDocument() {}

  /** With positions, for phrases; without norms, since nothing is ordered by how well it fits. */
  private static FieldType words() {
    var type = new FieldType(TextField.TYPE_NOT_STORED);
    type.setOmitNorms(true);
    type.freeze();
    return type;
  }

  static Term term(JobId id) {
    return new Term(ID, id.toString());
  }

  /**
   * The document of a job.
   *
   * @param life one that is shown
   * @param output the words of its output, or null
   */
  static Document of(JobId id, JobLife life, Submitted submitted, @Nullable String output) {
    JobView view =
        JobViews.view(id, life)
            .orElseThrow(() -> new IllegalArgumentException("a life that is not shown"));
    JobSummary summary = JobSummary.of(id, life, submitted);
    var document = new Document();
    document.add(new StringField(ID, id.toString(), Field.Store.NO));
    document.add(new NumericDocValuesField(ID_HIGH, id.value().getMostSignificantBits()));
    document.add(new NumericDocValuesField(ID_LOW, id.value().getLeastSignificantBits()));
    keyword(document, Facet.STATE, summary.state());
    keyword(document, Facet.KIND, summary.kind());
    keyword(document, Facet.TENANT, summary.tenant());
    keyword(document, Facet.MODEL, summary.model());
    keyword(document, Facet.PRIORITY, summary.priority());
    keyword(document, Facet.PROVIDER, summary.provider());
    keyword(document, Facet.CODE, summary.code());
    summary.labels().forEach((name, value) -> keyword(document, Facet.LABEL, name + ":" + value));
    number(document, SortKey.ACCEPTED_AT, summary.acceptedAt().toEpochMilli());
    number(
        document,
        SortKey.FINISHED_AT,
        summary.finishedAt() == null ? null : summary.finishedAt().toEpochMilli());
    number(document, SortKey.COST, summary.costNanos());
    number(document, SortKey.DURATION, summary.durationMillis());
    words(document, submitted.input());
    words(document, output);
    Failure failure = JobSummary.failure(view, life);
    words(document, failure == null ? null : failure.message());
    for (Map.Entry<String, String> label : summary.labels().entrySet()) {
      words(document, label.getKey());
      words(document, label.getValue());
    }
    document.add(new StoredField(SUMMARY, Json.MAPPER.writeValueAsBytes(summary)));
    if (submitted.input() != null) {
      document.add(new StoredField(INPUT, submitted.input()));
    }
    return document;
  }

  /** The summary that a stored document holds. */
  static JobSummary summary(Document stored) {
    IndexableField field = stored.getField(SUMMARY);
    if (field == null || field.binaryValue() == null) {
      throw new IllegalStateException("a document without its summary");
    }
    var bytes = field.binaryValue();
    return Json.MAPPER.readValue(bytes.bytes, bytes.offset, bytes.length, JobSummary.class);
  }

  /** What a stored document holds that its job's life does not. */
  static Submitted submitted(Document stored) {
    JobSummary summary = summary(stored);
    return new Submitted(
        Priority.ofWireName(summary.priority()).orElse(Priority.NORMAL), stored.get(INPUT));
  }

  private static void keyword(Document document, Facet facet, @Nullable String value) {
    if (value != null && !value.isEmpty()) {
      document.add(new KeywordField(facet.field(), value, Field.Store.NO));
    }
  }

  private static void number(Document document, SortKey key, @Nullable Long value) {
    if (value != null) {
      document.add(new LongField(key.field(), value, Field.Store.NO));
    }
  }

  private static void words(Document document, @Nullable String text) {
    if (text != null && !text.isEmpty()) {
      document.add(new Field(TEXT, text, WORDS));
    }
  }
}
