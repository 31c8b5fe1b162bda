package dev.penstock.streams.figures;

/**
 * What a figure is about. Empty where it does not apply: a job that was accepted has no provider
 * yet.
 *
 * @param tenant on whose behalf
 * @param model who is asked: a provider's target or a route, as the job names it
 * @param kind what for
 * @param provider who was called
 * @param providerModel the model that answered, as the provider names it
 * @param outcome what it came to: a final state's name, {@code retried}, or {@code wasted}
 */
public record Subject(
    String tenant,
    String model,
    String kind,
    String provider,
    String providerModel,
    String outcome) {
  static final String RETRIED = "retried";
  static final String WASTED = "wasted";

  Subject called(String byProvider, String answeredBy, String cameTo) {
    return new Subject(tenant, model, kind, byProvider, answeredBy, cameTo);
  }

  void write(Packed.Writer out) {
    out.text(tenant);
    out.text(model);
    out.text(kind);
    out.text(provider);
    out.text(providerModel);
    out.text(outcome);
  }

  static Subject read(Packed.Reader in) {
    return new Subject(in.text(), in.text(), in.text(), in.text(), in.text(), in.text());
  }
}
