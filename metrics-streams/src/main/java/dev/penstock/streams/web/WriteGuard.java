package dev.penstock.streams.web;

import dev.penstock.streams.query.Problem;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Stands in front of everything on the port and lets through what only reads. What changes
 * something has to come from the dashboard itself or from a program, never from another site's page
 * in somebody's browser, and with the token where one is set. Thread-safe.
 *
 * <p>A page of another site can make a browser send simple requests, so a header of our own is
 * demanded, which no such page may add. A site whose name was made to point here (DNS rebinding) is
 * the same origin to the browser; so without a token the name must be known.
 */
public final class WriteGuard implements Filter {
  /** What the dashboard, and a program that acts in its place, sends with each write: "1". */
  static final String MARK = "Penstock-Dashboard";

  private static final HeaderName MARK_NAME = HeaderNames.create(MARK);
  private static final HeaderName FETCH_SITE = HeaderNames.create("Sec-Fetch-Site");
  private static final Set<Method> READS = Set.of(Method.GET, Method.HEAD, Method.OPTIONS);
  private static final String INTERNAL = "/internal/";
  private static final String BEARER = "bearer ";
  private static final Pattern ADDRESS =
      Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|\\[[0-9a-f:.]+]");

  private final Set<String> hosts;
  private final byte @Nullable [] token;

  public WriteGuard(DashboardConfig config) {
    this.hosts = config.hosts();
    this.token =
        config.token().isEmpty() ? null : config.token().reveal().getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
    if (READS.contains(request.prologue().method())) {
      chain.proceed();
      return;
    }
    Problem refusal = refusal(request);
    if (refusal == null) {
      chain.proceed();
      return;
    }
    if (refusal.status() == 401) {
      response.header(HeaderNames.WWW_AUTHENTICATE, "Bearer realm=\"penstock dashboard\"");
    }
    refusal.send(response);
  }

  private @Nullable Problem refusal(RoutingRequest request) {
    Optional<String> origin = request.headers().first(HeaderNames.ORIGIN);
    Optional<String> site = request.headers().first(FETCH_SITE);
    if (isInternal(request.prologue().uriPath().rawPath())) {
      // Between services: no browser has any business there.
      return origin.isPresent() || site.isPresent()
          ? forbidden("cross_origin", "This address is for other services, not for browsers.")
          : withoutToken(request);
    }
    String host = request.headers().first(HeaderNames.HOST).orElse("").toLowerCase(Locale.ROOT);
    if ((site.isPresent() && !site.get().equals("same-origin"))
        || (origin.isPresent() && !sameHost(origin.get(), host))) {
      return forbidden(
          "cross_origin",
          "The request comes from a page of another site. Use the dashboard itself.");
    }
    if (!request.headers().first(MARK_NAME).equals(Optional.of("1"))) {
      return forbidden("header_missing", "Changes need the header " + MARK + ": 1.");
    }
    if (token == null) {
      return isKnown(host)
          ? null
          : forbidden(
              "unknown_host",
              "Nothing is changed under a name that is not known here. Set streams.dashboard-hosts"
                  + " to the name, or streams.dashboard-token.");
    }
    return withoutToken(request);
  }

  /** Why the request lacks the token; null where it has it, or none is set. */
  private @Nullable Problem withoutToken(RoutingRequest request) {
    if (token == null) {
      return null;
    }
    Optional<String> given =
        request
            .headers()
            .first(HeaderNames.AUTHORIZATION)
            .filter(value -> value.regionMatches(true, 0, BEARER, 0, BEARER.length()));
    if (given.isEmpty()) {
      return new Problem(
          401, "token_required", "Token required", "Changes need the dashboard's token.");
    }
    byte[] shown = given.get().substring(BEARER.length()).getBytes(StandardCharsets.UTF_8);
    return MessageDigest.isEqual(shown, token)
        ? null
        : new Problem(401, "token_refused", "Token refused", "That is not the dashboard's token.");
  }

  /** A path that is written so that it may lead elsewhere is not. */
  private static boolean isInternal(String rawPath) {
    return rawPath.startsWith(INTERNAL) && !rawPath.contains("..") && !rawPath.contains("%");
  }

  private boolean isKnown(String host) {
    String name = host.replaceFirst(":\\d+$", "");
    return name.equals("localhost") || ADDRESS.matcher(name).matches() || hosts.contains(name);
  }

  /** The scheme may differ: a proxy in front may speak TLS. */
  private static boolean sameHost(String origin, String host) {
    try {
      String authority = new URI(origin).getRawAuthority();
      return authority != null && authority.toLowerCase(Locale.ROOT).equals(host);
    } catch (URISyntaxException _) {
      return false;
    }
  }

  private static Problem forbidden(String code, String detail) {
    return new Problem(403, code, "Not allowed", detail);
  }
}
