package dev.penstock.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.ColorScheme;
import dev.penstock.cli.ApiClient;
import dev.penstock.codec.Json;
import dev.penstock.config.Settings;
import dev.penstock.job.JobId;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The dashboard of a real system in which jobs run, fail and are dead-lettered: every screen, wide
 * and narrow, light and dark. Leaves what it saw in {@code target/screenshots}; with {@code
 * -Dscreenshots=docs} it lets the system run a while longer and makes the README's pictures anew.
 */
class DashboardTest {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final double LONG_MILLIS = 60_000;
  private static final int JOBS = 60;

  /** Dead letters of one group, so many that most of them wait while a person acts. */
  private static final int REFUSED = 24;

  private static final int JOBS_FOR_DOCS = 6_000;
  private static final Duration WARM_UP_FOR_DOCS = Duration.ofMinutes(4);

  @TempDir private Path data;
  private final HttpClient http = HttpClient.newHttpClient();
  private final List<String> complaints = new ArrayList<>();

  /** What the server answered with an error. */
  private final List<String> refusals = new ArrayList<>();

  /** Whether more jobs are to come while pictures are made. */
  private volatile boolean feeding = true;

  @Test
  void everyScreenShowsARealSystemWithoutComplaint() throws Exception {
    Path executable =
        Stream.concat(
                Stream.ofNullable(System.getenv("CHROMIUM")),
                Stream.of("/usr/bin/chromium", "/usr/bin/chromium-browser"))
            .map(Path::of)
            .filter(Files::isExecutable)
            .findFirst()
            .orElse(null);
    Assumptions.assumeTrue(
        executable != null,
        "no browser: apt-get install chromium, or name one in the environment (CHROMIUM)");
    boolean docs = "docs".equals(System.getProperty("screenshots"));
    Standalone system =
        Standalone.of(data, () -> Settings.of(options(docs)), new StartupTimes(Instant.now()));
    try {
      system.start();
      Map<String, JobId> samples = submit(system.addresses(), docs);
      try (var playwright =
              Playwright.create(
                  new Playwright.CreateOptions()
                      .setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
          Browser browser = playwright.chromium().launch(launch(executable))) {
        if (docs) {
          Thread.sleep(WARM_UP_FOR_DOCS);
          picture(browser, system.addresses().streams(), samples);
        } else {
          walk(browser, system.addresses().streams(), samples);
          cancelThroughThePage(browser, system.addresses(), samples);
          hurryThroughThePage(browser, system.addresses(), samples);
          cloneThroughThePage(browser, system.addresses(), samples);
          replayThroughThePage(browser, system.addresses());
        }
      }
    } finally {
      feeding = false;
      http.close();
      system.close();
    }
    assertThat(complaints).isEmpty();
    assertThat(refusals)
        // Passing, while a view catches up; what is shown in the end is checked.
        .allMatch(refusal -> refusal.startsWith("503 "));
  }

  private static BrowserType.LaunchOptions launch(Path executable) {
    return new BrowserType.LaunchOptions()
        .setExecutablePath(executable)
        .setHeadless(true)
        .setArgs(
            List.of(
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync"));
  }

  private static Map<String, String> options(boolean docs) {
    var options = new HashMap<String, String>();
    options.put("api.port", "0");
    options.put("worker.providers", "simulated,steady,broken,refusing,scarce");
    options.put("worker.provider.simulated.latency-mean", docs ? "900ms" : "150ms");
    options.put("worker.provider.simulated.failure-rate", "0.15");
    options.put("worker.provider.simulated.throttle-rate", "0.05");
    options.put("worker.provider.simulated.retry-after", "1s");
    options.put("worker.provider.simulated.input-tokens", "320");
    options.put("worker.provider.simulated.output-tokens", "90");
    // The call that goes on is not waited for at the end.
    options.put("worker.drain-grace", "1s");
    options.put("worker.provider.steady.type", "simulated");
    options.put("worker.provider.steady.latency-mean", "30m");
    options.put("worker.provider.steady.latency-sigma", "0");
    options.put("worker.provider.refusing.type", "simulated");
    options.put("worker.provider.refusing.latency-mean", "10ms");
    options.put("worker.provider.refusing.invalid-rate", "1");
    // Answers well, but so seldom that what waits for it can still be taken back.
    options.put("worker.provider.scarce.type", "simulated");
    options.put("worker.provider.scarce.latency-mean", "20ms");
    options.put("worker.limit.scarce.requests-per-minute", "30");
    options.put("worker.provider.broken.type", "simulated");
    options.put("worker.provider.broken.latency-mean", "40ms");
    options.put("worker.provider.broken.failure-rate", "0.6");
    options.put("worker.provider.broken.invalid-rate", "0.4");
    return options;
  }

  /** Jobs of every fate; one of each is named. */
  private Map<String, JobId> submit(Standalone.Addresses at, boolean docs)
      throws InterruptedException {
    var samples = new LinkedHashMap<String, JobId>();
    try (var api = new ApiClient(URI.create(at.api()))) {
      samples.put("running", send(api, job("steady", 0).put("attemptTimeout", "30m")));
      samples.put(
          "scheduled", send(api, job("simulated", 1).put("delay", "7d").put("maxAttempts", 20)));
      samples.put("dead-lettered", send(api, job("broken", 2).put("maxAttempts", 1)));
      samples.put("succeeded", send(api, job("simulated", 3).put("maxAttempts", 20)));
      for (int i = 0; i < JOBS; i++) {
        var _ = send(api, job(i % 5 == 0 ? "broken" : "simulated", i).put("maxAttempts", 3));
      }
      samples.forEach((state, id) ->
          await().atMost(LONG).until(() -> api.job(id).path("state").asString().equals(state)));
    }
    if (docs) {
      Thread.ofVirtual()
          .start(() -> {
            try (var api = new ApiClient(URI.create(at.api()))) {
              for (int i = 0; feeding && i < JOBS_FOR_DOCS; i++) {
                var _ =
                    send(api, job(i % 23 == 0 ? "broken" : "simulated", i).put("maxAttempts", 3));
                Thread.sleep(Math.round(60 + 45 * Math.sin(i / 90.0)));
              }
            } catch (InterruptedException _) {
              Thread.currentThread().interrupt();
            }
          });
    }
    return samples;
  }

  private static ObjectNode job(String model, int i) {
    ObjectNode job =
        Json.MAPPER.createObjectNode().put("kind", i % 3 == 0 ? "summarize" : "generate");
    job.put("model", model).put("tenant", i % 2 == 0 ? "acme" : "northwind");
    job.putObject("input")
        .put(
            "text",
            "The inspection of turbine " + i + " found worn blades. They hold until spring.");
    job.putObject("labels").put("plant", "north");
    return job;
  }

  private static JobId send(ApiClient api, ObjectNode job) throws InterruptedException {
    return JobId.of(api.submit(job, Optional.empty()).path("id").asString());
  }

  private static Map<String, String> screens(Map<String, JobId> samples) {
    var screens = new LinkedHashMap<String, String>();
    screens.put("overview", "/");
    screens.put("jobs", "/jobs");
    samples.forEach((state, id) -> screens.put("job-" + state, "/jobs/" + id));
    screens.put("dead-letters", "/dead-letters");
    screens.put("dead-letters-list", "/dead-letters/list");
    screens.put("plan-new", "/dead-letters/new");
    screens.put("plans", "/dead-letters/plans");
    screens.put("audit", "/dead-letters/audit");
    screens.put("workers", "/workers");
    screens.put("providers", "/providers");
    screens.put("topics", "/topics");
    return screens;
  }

  private void walk(Browser browser, String streams, Map<String, JobId> samples) throws Exception {
    Path directory = Files.createDirectories(Path.of("target", "screenshots"));
    for (int width : new int[] {1440, 390}) {
      for (ColorScheme scheme : List.of(ColorScheme.LIGHT, ColorScheme.DARK)) {
        try (BrowserContext context = context(browser, width, scheme)) {
          Page page = open(context);
          for (Map.Entry<String, String> screen : screens(samples).entrySet()) {
            page.navigate(streams + screen.getValue());
            page.locator("h1").waitFor();
            page.waitForFunction("() => !document.querySelector('.skeleton')");
            String name =
                screen.getKey()
                    + "-"
                    + width
                    + "-"
                    + scheme.name().toLowerCase(java.util.Locale.ROOT);
            check(page, screen.getKey(), name);
            page.screenshot(new Page.ScreenshotOptions().setPath(directory.resolve(name + ".png")));
          }
        }
      }
    }
  }

  /** What each screen must show of the jobs that were submitted. */
  private void check(Page page, String screen, String as) {
    assertThat(page.evaluate("document.querySelector('main').scrollWidth <= innerWidth"))
        .as(as + ": nothing hangs over the edge")
        .isEqualTo(true);
    page.waitForFunction("() => !document.querySelector('.failed')");
    String expected =
        switch (screen) {
          case "overview" -> ".uplot";
          case "jobs" -> ".rows .s-dead-lettered, .rows .s-succeeded";
          case "dead-letters" -> ".group .code-badge";
          case "dead-letters-list" -> ".row.letter .code-badge";
          case "plan-new" -> "#matching";
          case "plans", "audit" -> ".empty .command";
          case "workers" -> ".worker .t-ok";
          case "providers" -> ".provider .target";
          case "topics" -> ".group";
          default -> ".job-head .s-" + screen.substring("job-".length());
        };
    page.locator(expected).first().waitFor();
  }

  /** The way of a write: page, guard, relay, intake, topic, view, page. */
  private void cancelThroughThePage(
      Browser browser, Standalone.Addresses at, Map<String, JobId> samples) {
    try (BrowserContext context = context(browser, 1440, ColorScheme.LIGHT)) {
      Page page = open(context);
      page.navigate(at.streams() + "/jobs/" + samples.get("running"));
      page.getByText("Cancel…").click();
      page.locator("dialog [type=submit]").click();
      page.locator(".job-head .s-cancelled").waitFor();
    }
  }

  /** A job that stands in a hold topic for a week runs within seconds. */
  private void hurryThroughThePage(
      Browser browser, Standalone.Addresses at, Map<String, JobId> samples) {
    try (BrowserContext context = context(browser, 1440, ColorScheme.LIGHT)) {
      Page page = open(context);
      page.navigate(at.streams() + "/jobs/" + samples.get("scheduled"));
      page.getByText("Run now…").click();
      page.locator("dialog [type=submit]").click();
      page.locator(".job-head .s-succeeded").waitFor();
    }
  }

  /** What the page offers to send is what the intake takes. */
  private void cloneThroughThePage(
      Browser browser, Standalone.Addresses at, Map<String, JobId> samples) {
    try (BrowserContext context = context(browser, 1440, ColorScheme.LIGHT)) {
      Page page = open(context);
      page.navigate(at.streams() + "/jobs/" + samples.get("dead-lettered"));
      page.getByText("Edit and clone…").click();
      page.locator("dialog textarea").waitFor();
      page.getByText("Send as a new job", new Page.GetByTextOptions().setExact(true)).click();
      page.waitForURL(url ->
          url.contains("/jobs/") && !url.endsWith(String.valueOf(samples.get("dead-lettered"))));
      page.locator(".job-head .s-dead-lettered").waitFor();
    }
  }

  /**
   * From a group of dead letters to a plan that is taken back half way: what the page says at each
   * step is what the API says then, and what became of the jobs.
   */
  private void replayThroughThePage(Browser browser, Standalone.Addresses at)
      throws IOException, InterruptedException {
    try (BrowserContext context = context(browser, 1440, ColorScheme.LIGHT);
        var api = new ApiClient(URI.create(at.api()))) {
      for (int i = 0; i < REFUSED; i++) {
        var _ = send(api, job("refusing", 1).put("maxAttempts", 1));
      }
      String letters = "/v1/dead-letters?limit=500&standing=any&model=refusing";
      await().atMost(LONG).until(() -> get(at, letters).path("letters").size() == REFUSED);
      Page page = open(context);
      page.navigate(at.streams() + "/dead-letters?model=refusing");
      page.locator(".disclosure").first().click();
      page.locator(".group-detail .primary").click();
      assertThat(text(page, "#matching")).isEqualTo(String.valueOf(REFUSED));

      // As it is first: a preview, and a draft that nothing has happened for.
      forward(page, "What", "How");
      page.locator("[name=by]").fill("ada");
      forward(page, "Preview");
      assertThat(text(page, ".figures")).contains("Selected" + REFUSED, "Left out0");
      String first = planOf(page);
      assertThat(get(at, "/v1/replays/" + first).path("state").asString()).isEqualTo("draft");

      // Then with another model and a canary; the first draft is dropped for it.
      page.getByText("Change it…").click();
      page.locator("[name=model]").fill("scarce");
      forward(page, "How");
      page.locator("[name=canary]").selectOption("count");
      page.locator("[name=canarySize]").fill("1");
      forward(page, "Preview");
      page.waitForURL(url -> url.contains("/plans/") && !url.endsWith(first));
      page.locator(".changes del").getByText("refusing").first().waitFor();
      String plan = planOf(page);
      assertThat(get(at, "/v1/replays/" + first).path("state").asString()).isEqualTo("aborted");
      assertThat(get(at, letters).path("letters").valueStream())
          .allMatch(letter -> letter.path("standing").asString().equals("open"));

      move(page, "Confirm…");
      page.locator("#plan-meaning:has-text('1 of 1 succeeded')").waitFor();
      assertThat(get(at, "/v1/replays/" + plan).path("state").asString())
          .isEqualTo("canary-report");
      assertThat(progress(at, plan).path("replayed").asLong()).isEqualTo(1);

      move(page, "Go on with the rest…");
      page.locator(".legend").getByText("Run or wait").waitFor();
      move(page, "Abort…");
      page.locator(".job-head").getByText("Aborting").waitFor();
      page.locator("#plan-meaning:has-text('still run')").waitFor();
      move(page, "Undo…");
      page.locator(".job-head").getByText("Undone").waitFor();

      JsonNode told = progress(at, plan);
      long succeeded = told.path("succeeded").asLong();
      long cancelled = told.path("cancelled").asLong();
      assertThat(cancelled).isPositive();
      assertThat(told.path("open").asLong()).isZero();
      assertThat(succeeded + cancelled).isEqualTo(told.path("replayed").asLong());
      assertThat(text(page, "#plan-meaning")).startsWith(cancelled + " job");
      page.locator(".legend").getByText("Succeeded " + succeeded).waitFor();
      long left = REFUSED - succeeded - cancelled;
      var expected = new HashMap<>(Map.of("1 succeeded", succeeded, "1 cancelled", cancelled));
      if (left > 0) {
        expected.put("0 dead-lettered", left);
      }
      await()
          .atMost(LONG)
          .untilAsserted(() -> {
            var became = new HashMap<String, Long>();
            for (JsonNode letter : get(at, letters).path("letters")) {
              JsonNode job = api.job(JobId.of(letter.path("jobId").asString()));
              boolean replayed = letter.path("standing").asString().equals("replayed");
              assertThat(job.path("generation").asInt()).isEqualTo(replayed ? 1 : 0);
              became.merge((replayed ? "1 " : "0 ") + job.path("state").asString(), 1L, Long::sum);
            }
            assertThat(became).isEqualTo(expected);
          });

      page.navigate(at.streams() + "/dead-letters/audit");
      page.getByText("Verify", new Page.GetByTextOptions().setExact(true)).click();
      page.getByText("It holds").waitFor();
      assertThat(get(at, "/v1/audit?plan=" + plan).path("entries").valueStream())
          .filteredOn(entry -> entry.path("who").asString().equals("ada"))
          .extracting(entry -> entry.path("did").asString())
          .containsExactly("undo", "abort", "go-on", "confirm", "create");
    }
  }

  private static void forward(Page page, String... steps) {
    for (String step : steps) {
      page.locator(".wizard-foot .primary").click();
      page.locator(".steps [aria-current]:has-text('" + step + "')").waitFor();
    }
  }

  /** Asks for it, and says yes. */
  private static void move(Page page, String what) {
    page.getByText(what).click();
    page.locator("dialog [type=submit]").click();
    page.waitForFunction("() => !document.querySelector('dialog')");
  }

  private static String text(Page page, String selector) {
    return page.locator(selector).first().textContent();
  }

  /** The id of the plan that is shown. */
  private static String planOf(Page page) {
    page.waitForURL("**/dead-letters/plans/*");
    page.locator(".figures").waitFor();
    String path = URI.create(page.url()).getPath();
    return path.substring(path.lastIndexOf('/') + 1);
  }

  private JsonNode get(Standalone.Addresses at, String path)
      throws IOException, InterruptedException {
    HttpResponse<byte[]> answer =
        http.send(
            HttpRequest.newBuilder(URI.create(at.api() + path)).build(),
            HttpResponse.BodyHandlers.ofByteArray());
    assertThat(answer.statusCode()).as(path).isEqualTo(200);
    return Json.MAPPER.readTree(answer.body());
  }

  private JsonNode progress(Standalone.Addresses at, String plan)
      throws IOException, InterruptedException {
    return get(at, "/v1/replays/" + plan).path("progress");
  }

  private void picture(Browser browser, String streams, Map<String, JobId> samples)
      throws Exception {
    Path images = Files.createDirectories(Repository.root().resolve("docs/images"));
    try (BrowserContext context = context(browser, 1440, ColorScheme.LIGHT)) {
      Page page = open(context);
      page.navigate(streams + "/");
      page.locator(".uplot").first().waitFor();
      page.waitForFunction("() => !document.querySelector('.skeleton')");
      page.screenshot(new Page.ScreenshotOptions().setPath(images.resolve("overview.png")));
    }
    try (BrowserContext context = context(browser, 1440, ColorScheme.DARK)) {
      Page page = open(context);
      page.navigate(streams + "/jobs/" + samples.get("dead-lettered"));
      page.locator(".track").waitFor();
      page.waitForFunction("() => !document.querySelector('.skeleton')");
      page.screenshot(new Page.ScreenshotOptions().setPath(images.resolve("job.png")));
    }
  }

  private static BrowserContext context(Browser browser, int width, ColorScheme scheme) {
    return browser.newContext(
        new Browser.NewContextOptions()
            .setViewportSize(width, width < 500 ? 844 : 900)
            .setColorScheme(scheme));
  }

  private Page open(BrowserContext context) {
    Page page = context.newPage();
    page.setDefaultTimeout(LONG_MILLIS);
    page.onPageError(complaints::add);
    page.onConsoleMessage(message -> {
      // What the server refused is looked at by its answers.
      if ((message.type().equals("error") || message.type().equals("warning"))
          && !message.text().startsWith("Failed to load resource")) {
        complaints.add(message.text());
      }
    });
    page.onResponse(response -> {
      if (response.status() >= 400) {
        refusals.add(response.status() + " " + URI.create(response.url()).getPath());
      }
    });
    return page;
  }
}
