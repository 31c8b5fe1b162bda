package dev.penstock.worker.budget;

import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Usage;
import dev.penstock.limit.SpendReport;
import dev.penstock.provider.ProviderResult;
import dev.penstock.provider.Target;
import dev.penstock.worker.admit.TargetGate;
import dev.penstock.worker.cost.Prices;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what all workers spend for a tenant or a route within its budgets. Before a call begins its
 * expected cost is set aside, under a {@linkplain Account ceiling} that the others count; when it
 * has ended, what it did cost is spent. Calls that cost nothing are not stopped.
 */
public final class GroupBudgets implements TargetGate {
  /** A job that waits asks again after this at the latest. */
  private static final Duration ASK_AGAIN = Duration.ofSeconds(1);

  /** A ceiling is not lowered, and what was spent not told, more often than this. */
  private static final Duration CALM = Duration.ofSeconds(1);

  /** The same where others wait for it. */
  private static final Duration URGENT = Duration.ofMillis(50);

  /** A report is repeated that was not read back. */
  private static final Duration REPEAT = Duration.ofSeconds(1);

  /** Well below {@link Account#LOST}. */
  private static final Duration SIGN_OF_LIFE = Duration.ofSeconds(3);

  private static final Duration SHOW = Duration.ofSeconds(1);

  /** How far clocks of workers may differ at the end of a period; far more than they may. */
  private static final Duration SKEW = Duration.ofMinutes(1);

  /** Tenants can be made up; beyond so many, further ones share one budget. */
  private static final int MAX_BOOKS = 100_000;

  private final BudgetRules rules;
  private final Account.Member self;
  private final Consumer<SpendReport> out;
  private final BudgetMetrics metrics;
  private final String currency;
  private final CostEstimates estimates;

  /** By what stands in reports. */
  private final Map<String, Book> books = new HashMap<>();

  /** Those that this life spends from. */
  private final Map<String, Book> mine = new LinkedHashMap<>();

  private final EnumMap<Period, Period.Window> windows = new EnumMap<>(Period.class);
  private Instant latest = Instant.EPOCH;
  private long reports;
  private long version;
  private boolean draining;
  private Instant shownAt = Instant.MIN;

  /**
   * @param incarnation tells this life of the worker from all others
   * @param out writes reports to the log; returns at once
   */
  public GroupBudgets(
      BudgetRules rules,
      Prices prices,
      String worker,
      int incarnation,
      Consumer<SpendReport> out,
      BudgetMetrics metrics) {
    this.rules = rules;
    this.self = new Account.Member(worker, incarnation);
    this.out = out;
    this.metrics = metrics;
    this.currency = prices.currency().isEmpty() ? "" : " " + prices.currency();
    this.estimates = new CostEstimates(prices);
  }

  /** One budget with its periods. */
  private static final class Book {
    final BudgetRules.Scope scope;
    final Map<String, Account> accounts = new LinkedHashMap<>(4);
    Instant writtenAt = Instant.MIN;

    Book(BudgetRules.Scope scope) {
      this.scope = scope;
    }

    long limit(Account account) {
      return scope.limits().getOrDefault(account.window().period(), Long.MAX_VALUE);
    }
  }

  // Whether a call may begin

  @Override
  public Opening look(Target target, JobRecord record, Instant now) {
    List<Book> asked = books(record.job());
    if (asked.isEmpty()) {
      return Opening.OPEN;
    }
    long cost = estimates.expected(target, record.job().input(), now);
    if (cost == 0) {
      return Opening.OPEN;
    }
    Opening opening = Opening.OPEN;
    for (Book book : asked) {
      for (Account account : accounts(book, now)) {
        long limit = book.limit(account);
        if (account.isSpent(limit, latest)) {
          return new Opening.Spent(spent(book, account, limit));
        }
        if (!account.has(cost, limit, latest)) {
          Instant again = now.plus(ASK_AGAIN);
          account.hungry(cost, now, again.plus(ASK_AGAIN));
          tell(book, now);
          opening = new Opening.Closed(again, "budget per " + account.window().period().word());
        }
      }
    }
    return opening;
  }

  @Override
  public Pass take(Target target, JobRecord record, Instant now) {
    List<Book> asked = books(record.job());
    if (asked.isEmpty()) {
      return FREE;
    }
    JobInput input = record.job().input();
    long cost = estimates.expected(target, input, now);
    var taken = new ArrayList<Taken>(2);
    for (Book book : asked) {
      for (Account account : accounts(book, now)) {
        taken.add(new Taken(book, account, account.take(cost, now)));
      }
    }
    return new Reservation(target, input, taken);
  }

  private static final Pass FREE =
      new Pass() {
        @Override
        public void ended(ProviderResult result, Duration latency, Instant now) {}

        @Override
        public void unused(Instant now) {}
      };

  /** The jobs of a tenant whose budget makes them wait are not to make others wait. */
  @Override
  public String group(JobRecord record) {
    return rules.isOfTenants() ? " of " + record.job().tenant() : "";
  }

  @Override
  public long version() {
    return version;
  }

  private String spent(Book book, Account account, long limit) {
    Period.Window window = account.window();
    long lost = account.lost(latest);
    String setting = book.scope.setting(window.period());
    return "the budget of "
        + book.scope
        + " for the "
        + window.period().word()
        + " "
        + window.name()
        + " (UTC) is spent: "
        + Money.text(account.certain(latest))
        + " of "
        + Money.text(limit)
        + currency
        + (lost > 0
            ? ", of which "
                + Money.text(lost)
                + " had been set aside for calls of workers that were lost"
            : "")
        + ". It begins anew at "
        + window.end()
        + "; to let its jobs run before, raise "
        + setting
        + (book.scope.rule().equals(book.scope.name())
            ? ""
            : " or set "
                + BudgetRules.PREFIX
                + book.scope.kind()
                + "."
                + book.scope.name()
                + "."
                + window.period().setting())
        + " on all workers, and submit the job again";
  }

  // Which budgets there are

  private List<Book> books(Job job) {
    BudgetRules.Scope tenant = rules.ofTenant(job.tenant());
    BudgetRules.Scope route = rules.ofRoute(job.model());
    if (tenant == null && route == null) {
      return List.of();
    }
    var found = new ArrayList<Book>(2);
    if (tenant != null) {
      found.add(mine(tenant));
    }
    if (route != null) {
      found.add(mine(route));
    }
    return found;
  }

  private Book mine(BudgetRules.Scope scope) {
    String key = scope.key();
    Book known = mine.get(key);
    if (known != null) {
      return known;
    }
    if (mine.size() >= MAX_BOOKS && !scope.name().equals(BudgetRules.OTHERS)) {
      return mine(
          new BudgetRules.Scope(scope.kind(), BudgetRules.OTHERS, scope.rule(), scope.limits()));
    }
    Book book = books.computeIfAbsent(key, _ -> new Book(scope));
    mine.put(key, book);
    return book;
  }

  /** Its accounts of the periods that {@code now} is in. */
  private List<Account> accounts(Book book, Instant now) {
    var current = new ArrayList<Account>(2);
    for (Period period : book.scope.limits().keySet()) {
      Period.Window window = window(period, now);
      Account account = book.accounts.computeIfAbsent(window.name(), _ -> new Account(window));
      account.use();
      current.add(account);
    }
    return current;
  }

  private Period.Window window(Period period, Instant now) {
    Period.Window window = windows.get(period);
    if (window == null || !window.contains(now)) {
      window = period.at(now);
      windows.put(period, window);
    }
    return window;
  }

  // What comes back

  private record Taken(Book book, Account account, long amount) {}

  private final class Reservation implements Pass {
    private final Target target;
    private final JobInput input;
    private final List<Taken> taken;

    Reservation(Target target, JobInput input, List<Taken> taken) {
      this.target = target;
      this.input = input;
      this.taken = taken;
    }

    @Override
    public void ended(ProviderResult result, Duration latency, Instant now) {
      Long told = result.report().costNanos();
      if (told != null) {
        estimates.told(target, input, told, now);
        settle(told, now);
      } else if (isCutOff(result)) {
        settle(estimates.inputAlone(target, input, now), now);
      } else {
        settle(estimates.of(target, result.report().usage(), now), now);
      }
    }

    @Override
    public void unused(Instant now) {
      settle(0, now);
    }

    private void settle(long cost, Instant now) {
      version++;
      for (Taken each : taken) {
        each.account().ended(each.amount(), cost);
        if (draining) {
          tell(each.book(), now);
        }
      }
    }
  }

  /** Whether the provider was at work when it was interrupted, and could tell nothing. */
  private static boolean isCutOff(ProviderResult result) {
    return result instanceof ProviderResult.Failed(Failure failure, var report)
        && report.usage().equals(Usage.NONE)
        && (failure instanceof Failure.TimedOut || failure instanceof Failure.CallCancelled);
  }

  // Telling and being told

  @Override
  public void tick(Instant now) {
    for (Book book : mine.values()) {
      tell(book, now);
    }
    if (!books.isEmpty() && (shownAt.equals(Instant.MIN) || !now.isBefore(shownAt.plus(SHOW)))) {
      shownAt = now;
      show(now);
      forget(now);
    }
  }

  @Override
  public void drain(Instant now) {
    draining = true;
    for (Book book : mine.values()) {
      tell(book, now);
    }
  }

  /** Reports what has changed, if it is time to. */
  private void tell(Book book, Instant now) {
    boolean due = false;
    for (Account account : book.accounts.values()) {
      due |= account.isMine() && !account.isQuiet(now) && isDue(book, account, now);
    }
    if (!due) {
      return;
    }
    long number = reports++;
    var periods = new ArrayList<SpendReport.Period>(4);
    for (Account account : book.accounts.values()) {
      if (account.isMine() && periods.size() < SpendReport.MAX_PERIODS) {
        long ceiling = account.report(number, book.limit(account), draining, latest, now);
        periods.add(new SpendReport.Period(account.window().name(), account.spent(), ceiling));
      }
    }
    book.writtenAt = now;
    out.accept(
        new SpendReport(self.worker(), self.incarnation(), number, book.scope.key(), periods));
  }

  private boolean isDue(Book book, Account account, Instant now) {
    long limit = book.limit(account);
    Duration since =
        book.writtenAt.equals(Instant.MIN) ? SIGN_OF_LIFE : Duration.between(book.writtenAt, now);
    long wanted = account.wanted(limit, draining, latest, now);
    if (draining) {
      return account.isToTell(wanted);
    }
    if (account.hasUnread() && since.compareTo(REPEAT) < 0) {
      return false;
    }
    boolean repeats = account.hasUnread() && account.isHungry(now);
    boolean starving =
        account.isHungry(now) && !account.has(1, limit, latest) && since.compareTo(REPEAT) >= 0;
    if (account.isToRaise(wanted) || repeats || starving) {
      return true;
    }
    if (account.isToTell(wanted)) {
      return since.compareTo(account.isShort(limit) ? URGENT : CALM) >= 0;
    }
    return account.holds() && since.compareTo(SIGN_OF_LIFE) >= 0;
  }

  @Override
  public void heard(SpendReport report, Instant appendedAt, Instant now) {
    latest = appendedAt.isAfter(latest) ? appendedAt : latest;
    BudgetRules.Scope scope = scope(report.scope());
    if (scope == null) {
      return;
    }
    var member = new Account.Member(report.worker(), report.incarnation());
    Book book = books.get(report.scope());
    for (SpendReport.Period told : report.periods()) {
      Period.Window window = Period.Window.parse(told.name()).orElse(null);
      if (window == null
          || now.isAfter(window.end().plus(SKEW))
          || !scope.limits().containsKey(window.period())) {
        continue;
      }
      if (book == null) {
        book = new Book(scope);
        books.put(report.scope(), book);
      }
      Account account = book.accounts.computeIfAbsent(window.name(), _ -> new Account(window));
      if (member.equals(self)) {
        account.readOwn(report.number(), told.ceiling(), book.limit(account));
      } else {
        account.read(member, told.spent(), told.ceiling(), appendedAt);
      }
      if (account.isHungry(now)) {
        version++;
      }
    }
    if (book != null && mine.containsKey(report.scope())) {
      tell(book, now);
    }
  }

  private BudgetRules.@Nullable Scope scope(String key) {
    Book known = books.get(key);
    return known == null ? rules.ofKey(key) : known.scope;
  }

  private void forget(Instant now) {
    books
        .values()
        .removeIf(book -> {
          book.accounts.values().removeIf(account -> account.isOver(now));
          boolean empty = book.accounts.isEmpty();
          if (empty) {
            mine.remove(book.scope.key());
          }
          return empty;
        });
  }

  private record Label(String kind, String name, Period period) {}

  private void show(Instant now) {
    var shown = new LinkedHashMap<Label, BudgetMetrics.Shown>();
    for (Book book : books.values()) {
      for (Account account : book.accounts.values()) {
        Period period = account.window().period();
        if (!account.window().contains(now)) {
          continue;
        }
        shown.merge(
            new Label(book.scope.kind(), book.scope.rule(), period),
            new BudgetMetrics.Shown(
                book.scope.kind(),
                book.scope.rule(),
                period.word(),
                book.limit(account),
                account.certain(latest),
                account.lost(latest)),
            (a, b) ->
                new BudgetMetrics.Shown(
                    a.kind(),
                    a.name(),
                    a.period(),
                    a.limit(),
                    Money.sum(a.spent(), b.spent()),
                    Money.sum(a.lost(), b.lost())));
      }
    }
    metrics.budgets(List.copyOf(shown.values()));
  }
}
