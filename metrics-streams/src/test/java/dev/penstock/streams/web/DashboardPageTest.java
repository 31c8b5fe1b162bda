package dev.penstock.streams.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.ColorScheme;
import dev.penstock.streams.web.FakeStreams.Mode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The page in a browser, against answers that a test chooses. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DashboardPageTest {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final double LONG_MILLIS = 30_000;
  private static final int FIRST_VIEW_BYTES = 100_000;
  private static final String TOKEN = "open-sesame-please";

  /** The path of each screen, with its title. */
  private static final Map<String, String> SCREENS = new LinkedHashMap<>();

  static {
    SCREENS.put("/", "Overview");
    SCREENS.put("/jobs", "Jobs");
    SCREENS.put("/jobs/" + FakeStreams.id(0), "Job 0198f3a0");
    SCREENS.put("/dead-letters", "Dead letters");
    SCREENS.put("/dead-letters/list", "Dead letters");
    SCREENS.put("/dead-letters/letters/3-17", "Dead letter 3-17");
    SCREENS.put("/dead-letters/letters/" + FakeDeadLetters.POISON, "Dead letter 3-290");
    SCREENS.put("/dead-letters/new", "New plan");
    SCREENS.put("/dead-letters/plans", "Plans");
    SCREENS.put("/dead-letters/plans/" + FakeDeadLetters.PLAN, "Retry the outage");
    SCREENS.put("/dead-letters/audit", "Audit");
    SCREENS.put("/workers", "Workers");
    SCREENS.put("/providers", "Providers");
    SCREENS.put("/topics", "Topics");
  }

  private FakeStreams fake;
  private Chromium chromium;
  private BrowserContext context;
  private Page page;
  private final List<String> complaints = new ArrayList<>();

  @BeforeAll
  void launch() {
    chromium = Chromium.launch();
    fake = new FakeStreams(0, "");
  }

  @AfterAll
  void end() {
    if (fake != null) {
      fake.close();
    }
    if (chromium != null) {
      chromium.close();
    }
  }

  @BeforeEach
  void open() {
    open(1440, ColorScheme.LIGHT);
  }

  @AfterEach
  void leave() {
    context.close();
    fake.forget();
  }

  private void open(int width, ColorScheme scheme) {
    context =
        chromium
            .browser()
            .newContext(
                new Browser.NewContextOptions()
                    .setViewportSize(width, width < 500 ? 844 : 900)
                    .setColorScheme(scheme));
    page = context.newPage();
    page.setDefaultTimeout(LONG_MILLIS);
    complaints.clear();
    page.onPageError(complaints::add);
    page.onConsoleMessage(message -> {
      if (message.type().equals("error") || message.type().equals("warning")) {
        complaints.add(message.text());
      }
    });
  }

  private void visit(String path) {
    page.navigate(fake.url() + path);
  }

  private Locator shown(String selector) {
    Locator found = page.locator(selector).first();
    found.waitFor();
    return found;
  }

  @Test
  void everyScreenShowsItsDataWideAndNarrowLightAndDark() {
    for (int width : new int[] {1440, 390}) {
      for (ColorScheme scheme : List.of(ColorScheme.LIGHT, ColorScheme.DARK)) {
        context.close();
        open(width, scheme);
        SCREENS.forEach((path, title) -> {
          visit(path);
          String as = path + " at " + width + " " + scheme;
          page.waitForFunction(
              "title => document.querySelector('h1')?.textContent.startsWith(title)", title);
          shown(".badge, .code-badge, .disclosure");
          page.waitForFunction("() => !document.querySelector('.skeleton')");
          assertThat(page.locator(".failed").count()).as(as).isZero();
          assertThat(page.evaluate("document.documentElement.dataset.theme"))
              .as(as)
              .isEqualTo(scheme == ColorScheme.DARK ? "dark" : "light");
          assertThat(page.evaluate("document.querySelector('main').scrollWidth <= innerWidth"))
              .as(as + ": nothing hangs over the edge")
              .isEqualTo(true);
        });
        assertThat(complaints).isEmpty();
      }
    }
  }

  @Test
  void theFirstViewIsSmall() {
    visit("/");
    shown(".uplot");
    Object bytes =
        page.evaluate(
            "performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource')).filter(e"
                + " => !new URL(e.name).pathname.startsWith('/v1/')).reduce((s, e) => s +"
                + " e.transferSize, 0)");
    System.out.println("first view: " + bytes + " bytes transferred");
    assertThat(((Number) bytes).intValue()).isBetween(20_000, FIRST_VIEW_BYTES);
  }

  @Test
  void ofTenThousandRowsOnlyThoseInSightExist() {
    visit("/jobs");
    shown(".rows .row");
    // The page hears a key a moment after it has drawn what was read: too soon, and it goes to the
    // end that was.
    await()
        .pollInSameThread()
        .atMost(LONG)
        .until(() -> {
          page.keyboard().press("End");
          return page.locator(".list-foot").textContent().startsWith("10,000 of");
        });
    assertThat(page.locator(".rows .row").count()).isBetween(10, 80);
    Object blanks =
        page.evaluate(
            """
            async () => {
              const list = document.querySelector('.rows');
              const box = list.getBoundingClientRect();
              const frame = () => new Promise(done => requestAnimationFrame(done));
              let blanks = 0;
              for (let i = 0; i <= 60; i++) {
                list.scrollTop = (list.scrollHeight - list.clientHeight) * (i * 37 % 61) / 60;
                for (let wait = 0; wait < 3; wait++) await frame();
                for (const share of [0.02, 0.5, 0.98]) {
                  const hit = document.elementFromPoint(box.left + 300, box.top + box.height * share);
                  if (!hit?.closest('.row')) blanks++;
                }
              }
              return blanks;
            }
            """);
    assertThat(blanks).isEqualTo(0);
    assertThat(complaints).isEmpty();
  }

  @Test
  void readingOnThatFailedIsTriedAgain() {
    visit("/jobs");
    shown(".rows .row");
    page.route("**/v1/jobs?*cursor=*", Route::abort);
    await()
        .pollInSameThread()
        .atMost(LONG)
        .until(() -> {
          page.keyboard().press("End");
          return page.getByText("Try again").isVisible();
        });
    page.unroute("**/v1/jobs?*cursor=*");
    String before = page.locator(".list-foot span").first().textContent();
    page.getByText("Try again").click();
    page.waitForFunction(
        "before => document.querySelector('.list-foot span').textContent !== before", before);
    page.waitForFunction(
        "() => !document.querySelector('.list-foot').textContent.includes('fail')");
    complaints.clear();
  }

  @Test
  void aThousandUpdatesASecondAreDrawnAtMostFourTimesASecond() {
    fake.updatesPerSecond(1_000);
    visit("/jobs");
    shown(".rows .row");
    String drawn =
        "({drawn: Number(document.documentElement.dataset.drawn), at: performance.now()})";
    Map<?, ?> before = (Map<?, ?>) page.evaluate(drawn);
    int sent = fake.updatesSent();
    await().atMost(LONG).until(() -> fake.updatesSent() > sent + 2_500);
    Map<?, ?> after = (Map<?, ?>) page.evaluate(drawn);
    double seconds = (number(after, "at") - number(before, "at")) / 1_000;
    double drawings = number(after, "drawn") - number(before, "drawn");
    assertThat(drawings).isBetween(1.0, seconds * 4 + 2);
    page.keyboard().press("j");
    shown(".row.current");
    page.waitForFunction("() => /changes/.test(document.querySelector('.news').textContent)");
    assertThat(complaints).isEmpty();
  }

  private static double number(Map<?, ?> map, String key) {
    return ((Number) java.util.Objects.requireNonNull(map.get(key))).doubleValue();
  }

  @Test
  void aHiddenTabRestsAndComesBack() {
    visit("/workers");
    shown(".worker");
    await().atMost(LONG).until(() -> fake.listeners() == 1);
    String hide =
        "state => { Object.defineProperty(document, 'visibilityState', {value: state, configurable:"
            + " true}); document.dispatchEvent(new Event('visibilitychange')); }";
    page.evaluate(hide, "hidden");
    await().atMost(LONG).until(() -> fake.listeners() == 0);
    assertThat(shown(".connection").textContent()).isEqualTo("Paused");
    // What was asked for before it was hidden still comes.
    page.waitForTimeout(500);
    int reads = fake.reads();
    // Longer than the workers are read anew in a tab that is seen.
    page.waitForTimeout(2_600);
    assertThat(fake.reads()).isEqualTo(reads);
    page.evaluate(hide, "visible");
    await().atMost(LONG).until(() -> fake.listeners() == 1 && fake.reads() > reads);
  }

  @Test
  void whereThereIsNothingTheCommandToTryIsTold() {
    fake.mode(Mode.EMPTY);
    for (String path :
        List.of(
            "/",
            "/jobs",
            "/dead-letters",
            "/dead-letters/plans",
            "/dead-letters/audit",
            "/workers",
            "/providers",
            "/topics")) {
      visit(path);
      assertThat(shown(".empty .command code").textContent()).as(path).contains("./penstock ");
    }
    visit("/jobs?q=nothing");
    assertThat(shown(".empty").textContent()).contains("No job matches");
    assertThat(complaints).isEmpty();
  }

  @Test
  void whatDoesNotAnswerIsToldCalmly() {
    for (Mode mode : List.of(Mode.FAILING, Mode.MISSING)) {
      fake.mode(mode);
      for (String path : SCREENS.keySet()) {
        if (mode == Mode.MISSING && path.startsWith("/jobs/")) {
          continue; // The path of one job is always there.
        }
        visit(path);
        String told = shown(".failed").textContent();
        assertThat(told)
            .as(path)
            .contains(mode == Mode.FAILING ? "Not ready yet" : "not there yet");
        shown("h1");
      }
    }
    assertThat(complaints).allMatch(text -> text.startsWith("Failed to load resource"));
    fake.mode(Mode.FULL);
    visit("/jobs/" + FakeStreams.id(FakeStreams.JOBS + 1));
    assertThat(shown(".failed").textContent()).contains("There is no such job");
  }

  @Test
  void whatModelsAndSubmittersWroteStaysText() {
    for (String path :
        List.of(
            "/jobs",
            "/jobs/" + FakeStreams.id(0),
            "/jobs/" + FakeStreams.id(4),
            "/dead-letters",
            "/dead-letters/list",
            "/dead-letters/letters/3-17",
            "/dead-letters/letters/" + FakeDeadLetters.POISON,
            "/dead-letters/plans",
            "/dead-letters/plans/" + FakeDeadLetters.PLAN,
            "/dead-letters/audit")) {
      visit(path);
      page.getByText("<img src=x", new Page.GetByTextOptions().setExact(false)).first().waitFor();
      for (Locator fold : page.locator(".fold > summary").all()) {
        fold.click();
      }
      for (Locator record : page.locator(".records summary").all()) {
        record.click();
      }
      assertThat(page.locator("img, script:not([src])").count()).as(path).isZero();
    }
    assertThat(page.evaluate("window.pwned")).isNull();
    assertThat(complaints).isEmpty();
  }

  @Test
  void whatCannotBeSeenIsShownAndTurnsNothingAround() {
    for (String path : List.of("/jobs", "/jobs/" + FakeStreams.id(1))) {
      visit(path);
      page.getByText("see ⟨U+202E⟩txt.exe").first().waitFor();
      Object hidden = page.evaluate("/[\\u202a-\\u202e\\u0007]/.test(document.body.innerHTML)");
      assertThat(hidden).as(path).isEqualTo(false);
    }
    assertThat(page.evaluate("getComputedStyle(document.querySelector('.source pre')).unicodeBidi"))
        .isEqualTo("plaintext");
    assertThat(complaints).isEmpty();
  }

  @Test
  void spendNamesItsCurrency() {
    visit("/");
    page.getByText("4.87 EUR/h").waitFor();
    visit("/jobs/" + FakeStreams.id(0));
    page.getByText("Cost, EUR").waitFor();
    assertThat(complaints).isEmpty();
  }

  @Test
  void aJobWhoseEndWasAskedForSaysSo() {
    visit("/jobs");
    Locator row = page.locator("#row-2");
    row.waitFor();
    assertThat(row.textContent()).contains("Queued", "Cancel requested");
    assertThat(page.locator("#row-3").textContent()).doesNotContain("Cancel requested");
  }

  @Test
  void beforeTheFirstAnswerNothingIsSaidToBeWell() {
    fake.mode(Mode.SLOW);
    visit("/");
    shown("h1");
    page.waitForFunction("() => document.querySelectorAll('.chart .skeleton').length === 4");
    assertThat(page.locator("main").textContent())
        .doesNotContain("Nothing", "No cost", "nothing", "No dead letters");
    fake.mode(Mode.EMPTY);
    page.getByText("Nothing needs attention.").waitFor();
    shown(".plot-empty");
    assertThat(complaints).isEmpty();
  }

  @Test
  void withoutTheServerTheOverviewDoesNotSayThatAllIsWell() {
    try (var other = new FakeStreams(0, "")) {
      other.mode(Mode.EMPTY);
      page.navigate(other.url());
      page.getByText("Nothing needs attention.").waitFor();
    }
    page.getByText("Not known now").first().waitFor();
    assertThat(page.locator(".all-well").count()).isZero();
    assertThat(shown(".attention-card").textContent()).contains("Nothing needed attention then");
  }

  @Test
  void onNarrowScreensTheLagAndTheScalesOfChartsAreWhole() {
    context.close();
    open(390, ColorScheme.LIGHT);
    visit("/topics");
    shown(".disclosure");
    assertThat(
            page.evaluate(
                "[...document.querySelectorAll('.scroll-x')].every(e => e.scrollWidth <="
                    + " e.clientWidth)"))
        .isEqualTo(true);
    assertThat(page.locator("th.num:visible").allTextContents()).contains("Lag");
    visit("/");
    shown(".uplot");
    // As wide as the longest label is drawn, so none begins left of the chart.
    assertThat(
            page.evaluate(
                """
                [...document.querySelectorAll('.plot')].every(plot => {
                  const over = plot.querySelector('.u-over');
                  return !over || parseFloat(over.style.left) >= 28;
                })
                """))
        .isEqualTo(true);
    assertThat(complaints).isEmpty();
  }

  @Test
  void anUnknownAddressIsSaidToBeNone() {
    visit("/nosuch");
    page.getByText("There is no such page").waitFor();
    assertThat(complaints).allMatch(text -> text.contains("404"));
  }

  @Test
  void allOfItCanBeDoneWithKeys() {
    visit("/");
    shown(".stat");
    page.keyboard().press("Tab");
    assertThat(focused()).isEqualTo("Skip to the content");
    page.keyboard().press("Enter");
    assertThat(focused()).isEqualTo("Overview");
    for (String[] way :
        new String[][] {
          {"d", "Dead letters"},
          {"w", "Workers"},
          {"p", "Providers"},
          {"t", "Topics"},
          {"o", "Overview"},
          {"j", "Jobs"}
        }) {
      page.keyboard().press("g");
      page.keyboard().press(way[0]);
      page.waitForFunction(
          "title => document.activeElement.id === 'page-title' &&"
              + " document.activeElement.textContent.startsWith(title)",
          way[1]);
    }
    shown(".rows .row");
    page.keyboard().press("j");
    page.keyboard().press("j");
    page.keyboard().press("x");
    assertThat(shown(".selection").textContent()).contains("1 selected");
    page.keyboard().press("Escape");
    page.keyboard().press("j");
    shown(".row.current");
    page.keyboard().press("Enter");
    page.waitForURL("**/jobs/" + FakeStreams.id(0));
    page.keyboard().press("/");
    page.waitForFunction("() => document.activeElement.id === 'search'");
    page.keyboard().type("turbine");
    page.waitForURL("**/jobs?q=turbine");
    page.keyboard().press("Escape");
    page.keyboard().press("?");
    assertThat(shown("dialog").textContent()).contains("Next, previous row");
    page.keyboard().press("Escape");
    page.waitForFunction("() => !document.querySelector('dialog')");
    page.goBack();
    page.waitForURL("**/jobs/" + FakeStreams.id(0));
    assertThat(complaints).isEmpty();
  }

  private Object focused() {
    return page.evaluate("document.activeElement.textContent");
  }

  @Test
  void filtersStandInTheAddressAndAreAskedFor() {
    visit("/jobs?state=queued&tenant=acme&since=1h");
    shown(".rows .row");
    assertThat(page.locator(".chip").count()).isEqualTo(3);
    assertThat(fake.readPaths())
        .anyMatch(read ->
            read.contains("state=queued&tenant=acme&from=") && read.contains("facets=state,"));
    page.locator(".facet-value", new Page.LocatorOptions().setHasText("Running")).click();
    page.waitForURL("**/jobs?*state=running*");
    page.locator(".chip").first().click();
    page.waitForFunction("() => document.querySelectorAll('.chip').length === 3");
    // As what needs attention names its screens.
    visit("/#/jobs?state=queued");
    page.waitForURL("**/jobs?state=queued");
    shown(".chip");
    assertThat(complaints).isEmpty();
  }

  @Test
  void actingOnAllThatMatchIsCountedConfirmedAndFollowed() {
    visit("/jobs?state=queued");
    shown(".rows .row");
    page.keyboard().press("j");
    page.keyboard().press("x");
    page.getByText("Select all 1,000 that match").click();
    page.getByText("Cancel…").click();
    assertThat(shown("dialog").textContent()).contains("1,000 jobs match now");
    assertThat(shown("dialog [type=submit]").isDisabled()).isTrue();
    page.locator("dialog input").fill("1000");
    page.locator("dialog [type=submit]").click();
    shown("dialog [role=progressbar]");
    page.getByText("990 done, 10 refused").waitFor();
    assertThat(fake.writes())
        .containsExactly(
            new FakeStreams.Write(
                "POST",
                "/v1/jobs/actions",
                "{\"action\":\"cancel\",\"query\":\"state=queued\",\"expected\":1000}"));
    assertThat(complaints).isEmpty();
  }

  @Test
  void allThatWaitAreAskedToRunNow() {
    visit("/jobs?state=waiting");
    shown(".rows .row");
    page.keyboard().press("j");
    page.keyboard().press("x");
    page.getByText("Select all 1,000 that match").click();
    page.getByText("Retry now…").click();
    assertThat(shown("dialog").textContent())
        .contains("Retry 1,000 jobs now?", "jobs that do not wait are left as they are");
    page.locator("dialog input").fill("1000");
    page.locator("dialog [type=submit]").click();
    page.getByText("10 refused (do not wait)").waitFor();
    assertThat(fake.writes())
        .containsExactly(
            new FakeStreams.Write(
                "POST",
                "/v1/jobs/actions",
                "{\"action\":\"retry-now\",\"query\":\"state=waiting\",\"expected\":1000}"));
    assertThat(complaints).isEmpty();
  }

  @Test
  void aJobIsEditedAndSentAsANewOne() {
    visit("/jobs/" + FakeStreams.id(2));
    page.getByText("Edit and clone…").click();
    page.waitForFunction("() => document.querySelector('dialog textarea')?.value.includes('90s')");
    assertThat(page.locator("dialog textarea").inputValue())
        .contains("\"priority\": \"high\"", "\"maxOutputTokens\": 400")
        .containsOnlyOnce("\"kind\"");
    page.locator("dialog textarea").fill("{broken");
    page.getByText("Send as a new job", new Page.GetByTextOptions().setExact(true)).click();
    assertThat(shown("dialog [role=alert]").textContent()).contains("no JSON");
    page.locator("dialog textarea").fill("{\"kind\":\"embed\",\"input\":{\"text\":\"new\"}}");
    page.getByText("Send as a new job", new Page.GetByTextOptions().setExact(true)).click();
    page.waitForURL("**/jobs/" + FakeStreams.id(1));
    assertThat(fake.writes())
        .containsExactly(
            new FakeStreams.Write(
                "POST", "/v1/jobs", "{\"kind\":\"embed\",\"input\":{\"text\":\"new\"}}"));
    assertThat(complaints).isEmpty();
  }

  @Test
  void theTokenIsAskedForOnce() {
    try (var guarded = new FakeStreams(0, TOKEN)) {
      page.navigate(guarded.url() + "/jobs/" + FakeStreams.id(5));
      page.getByText("Retry now…").click();
      assertThat(shown("dialog").textContent()).contains("due at once instead of in");
      page.locator("dialog [type=submit]").click();
      Locator field = page.locator("dialog input[type=password]");
      field.fill("wrong");
      field.press("Enter");
      page.getByText("That was not the token.").waitFor();
      field.fill(TOKEN);
      field.press("Enter");
      page.waitForFunction("() => !document.querySelector('dialog')");
      // What was asked for is shown, and not offered again.
      page.getByText("now; asked for").waitFor();
      assertThat(
              page.locator(".actions button", new Page.LocatorOptions().setHasText("run now"))
                  .isDisabled())
          .isTrue();
      page.getByText("Cancel…").click();
      page.locator("dialog [type=submit]").click();
      page.getByText("Cancellation requested").first().waitFor();
      assertThat(guarded.writes())
          .extracting(FakeStreams.Write::method, FakeStreams.Write::path)
          .containsExactly(
              Tuple.tuple("POST", "/v1/jobs/" + FakeStreams.id(5) + "/retry-now"),
              Tuple.tuple("DELETE", "/v1/jobs/" + FakeStreams.id(5)));
    }
    assertThat(complaints).allMatch(text -> text.contains("401"));
  }

  @Test
  void theThemeCanBeChosenAndIsKept() {
    visit("/");
    shown("#theme").click();
    shown("#theme").click();
    assertThat(page.evaluate("document.documentElement.dataset.theme")).isEqualTo("dark");
    page.reload();
    shown(".stat");
    assertThat(page.evaluate("document.documentElement.dataset.theme")).isEqualTo("dark");
    assertThat(complaints).isEmpty();
  }

  @Test
  void drainingAWorkerIsConfirmed() {
    visit("/workers");
    page.getByText("Drain…").first().click();
    assertThat(shown("dialog").textContent()).contains("It takes no new jobs");
    page.locator("dialog [type=submit]").click();
    page.getByText("Asked to drain").waitFor();
    assertThat(fake.writes())
        .extracting(FakeStreams.Write::path)
        .containsExactly("/v1/workers/worker-1/drain");
    assertThat(complaints).isEmpty();
  }

  @Test
  void tickedDeadLettersBecomeAPlanAndFaultsStandAtTheirFields() {
    visit("/dead-letters/list");
    shown(".rows .row");
    page.keyboard().press("j");
    page.keyboard().press("x");
    page.keyboard().press("j");
    page.keyboard().press("x");
    assertThat(shown(".selection").textContent()).contains("2 ticked");
    page.locator(".selection button").first().click();
    page.getByText("2 dead letters by place").waitFor();
    next();
    page.locator("[name=model]").fill("careful");
    page.locator("[name=attemptTimeout]").fill("90s");
    page.locator("[name=expires]").selectOption("never");
    next();
    page.locator("[name=perSecond]").fill("many");
    page.locator("[name=by]").fill("ada");
    next();
    assertThat(shown(".field .field-note").textContent()).isEqualTo("must be a number");
    assertThat(page.locator("[name=perSecond]").getAttribute("aria-invalid")).isEqualTo("true");
    page.locator("[name=perSecond]").fill("50");
    page.locator("[name=canary]").selectOption("percent");
    page.locator("[name=canarySize]").fill("5");
    page.locator("[name=then]").selectOption("go-on");
    page.locator("[name=minSucceeded]").fill("95");
    next();
    page.waitForURL("**/dead-letters/plans/*");
    assertThat(shown(".figures").textContent()).contains("Selected200", "Left out30");
    assertThat(shown(".changes").textContent()).contains("/model", "fast", "careful");
    String body = fake.writes().getLast().body();
    assertThat(body.replaceFirst("\"id\":\"[a-z0-9-]+\",", ""))
        .isEqualTo(
            "{\"by\":\"ada\",\"selection\":{\"letters\":[\"3-299\",\"3-298\"]},"
                + "\"override\":{\"model\":\"careful\",\"attemptTimeout\":\"90s\",\"expireAt\":null},"
                + "\"pace\":{\"perSecond\":50},"
                + "\"canary\":{\"percent\":5,\"then\":\"go-on\",\"minSucceeded\":0.95}}");
    assertThat(complaints).allMatch(text -> text.contains("422"));
  }

  private void next() {
    page.locator(".wizard-foot .primary").click();
  }

  @Test
  void aPlanIsMovedOnInTheVersionThatWasSeenByWhoeverSaysWho() {
    visit("/dead-letters/plans/" + FakeDeadLetters.PLAN);
    page.getByText("Confirm…").click();
    assertThat(shown("dialog").textContent())
        .contains("Replay 200 dead letters?", "20 of them go first");
    assertThat(shown("dialog [type=submit]").isDisabled()).isTrue();
    page.locator("dialog [name=by]").fill("ada");
    page.locator("dialog [type=submit]").click();
    shown(".pieces");
    page.getByText("Undo…").click();
    assertThat(shown("dialog").textContent()).contains("11 jobs that still run or wait");
    // Kept in the browser.
    assertThat(page.locator("dialog [name=by]").inputValue()).isEqualTo("ada");
    assertThat(fake.writes())
        .containsExactly(
            new FakeStreams.Write(
                "POST",
                "/v1/replays/" + FakeDeadLetters.PLAN + "/confirm",
                "{\"by\":\"ada\",\"version\":2}"));
    page.keyboard().press("Escape");
    page.getByText("Differences from the preview").waitFor();
    page.getByText("the job is past its time").waitFor();
    assertThat(complaints).isEmpty();
  }

  @Test
  void filtersOfDeadLettersStandInTheAddressAndGoIntoThePlan() {
    visit("/dead-letters?tenant=acme&since=1h");
    shown(".disclosure").click();
    page.locator(".add-filter select").selectOption("label");
    page.locator(".add-filter input").fill("plant:north, east");
    page.locator(".add-filter input").press("Enter");
    page.waitForURL("**label=plant*");
    assertThat(page.locator(".chip").count()).isEqualTo(3);
    page.locator(".group-detail .primary").click();
    page.waitForURL("**/dead-letters/new?*fingerprint=*");
    assertThat(shown(".facts").textContent())
        .contains("tenant acme", "label plant:north, east", "fingerprint 0000000000000000", "from");
    assertThat(complaints).isEmpty();
  }

  @Test
  void whatCannotBeReadIsShownInHexadecimalAndReadInAnotherWay() {
    visit("/dead-letters/letters/" + FakeDeadLetters.POISON);
    page.getByText("Hex", new Page.GetByTextOptions().setExact(true)).click();
    assertThat(shown(".hex pre").textContent())
        .contains("000040  40 41 42 43 44 45 46 47  48 49 4a 4b 4c 4d 4e 4f  @ABCDEFGHIJKLMNO");
    page.getByText("Show all 5,000 bytes").click();
    page.getByText("Read it so").click();
    page.getByText("It is no job: it has no field").waitFor();
    page.locator(".decode select").selectOption("ordered");
    page.getByText("Read it so").click();
    page.getByText("It can be read as ordered").waitFor();
    assertThat(complaints).isEmpty();
  }

  @Test
  void theAuditSaysWhetherItHolds() {
    visit("/dead-letters/audit");
    page.getByText("Verify", new Page.GetByTextOptions().setExact(true)).click();
    page.getByText("It holds").waitFor();
    page.getByText("3".repeat(64)).waitFor();
    shown(".audit .disclosure").click();
    assertThat(shown(".audit .detail").textContent()).contains("Entry 3", "0".repeat(64));
    assertThat(complaints).isEmpty();
  }
}
