package dev.penstock.replayer.http;

import dev.penstock.replayer.look.DeadLetters;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemException;
import dev.penstock.submission.problem.ProblemType;
import dev.penstock.submission.problem.Violation;
import io.helidon.common.uri.UriQuery;
import io.helidon.webserver.http.ServerRequest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The parameters of a request; what is wrong with one is a {@link ProblemException}. */
record Query(Map<String, List<String>> parameters) {
  static Query of(ServerRequest request) {
    UriQuery query = request.query();
    var parameters = new HashMap<String, List<String>>();
    query.names().forEach(name -> parameters.put(name, query.all(name)));
    return new Query(parameters);
  }

  /** Refuses parameters of other names. */
  Query check(Set<String> known) {
    for (String name : parameters.keySet()) {
      if (!known.contains(name)) {
        throw new ProblemException(
            Problem.of(
                ProblemType.INVALID_PARAMETER,
                known.isEmpty()
                    ? "there are no parameters here; leave them out"
                    : "the parameters are " + String.join(", ", known.stream().sorted().toList())));
      }
    }
    return this;
  }

  /** The others. */
  Map<String, List<String>> without(Set<String> names) {
    var others = new HashMap<>(parameters);
    others.keySet().removeAll(names);
    return others;
  }

  List<String> all(String name) {
    return parameters.getOrDefault(name, List.of());
  }

  /** The one value of that name, if it is there. */
  Optional<String> text(String name) {
    List<String> values = all(name);
    if (values.size() > 1) {
      throw invalid(name, "must stand there once");
    }
    return values.stream().findFirst();
  }

  long number(String name, long otherwise, long least, long most) {
    Optional<String> text = text(name);
    if (text.isEmpty()) {
      return otherwise;
    }
    try {
      long number = Long.parseLong(text.get());
      if (number >= least && number <= most) {
        return number;
      }
      // falls through to the one error below
    } catch (NumberFormatException _) {
      // falls through to the one error below
    }
    throw invalid(
        name,
        most == Long.MAX_VALUE
            ? "must be a whole number from " + least
            : "must be a whole number from " + least + " to " + most);
  }

  int limit() {
    return (int) number("limit", DeadLetters.DEFAULT_LIMIT, 1, DeadLetters.MAX_LIMIT);
  }

  static ProblemException invalid(String parameter, String rule) {
    return new ProblemException(
        Problem.invalid(
            ProblemType.INVALID_PARAMETER, List.of(new Violation("/" + parameter, rule))));
  }
}
