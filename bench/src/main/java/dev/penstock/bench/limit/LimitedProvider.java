package dev.penstock.bench.limit;

import dev.penstock.job.Failure;
import dev.penstock.job.JobKind;
import dev.penstock.job.JobOutput;
import dev.penstock.job.Usage;
import dev.penstock.provider.CallReport;
import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderCall;
import dev.penstock.provider.ProviderResult;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Deque;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.jspecify.annotations.Nullable;

/** Calls a {@link LimitEnforcer} and tells what it answers. Thread-safe. */
final class LimitedProvider implements Provider {
  private final String name;
  private final int port;
  private final Deque<Connection> idle = new ConcurrentLinkedDeque<>();

  LimitedProvider(String name, int port) {
    this.name = name;
    this.port = port;
  }

  private record Connection(Socket socket, BufferedReader in) {
    static Connection open(int port) throws IOException {
      var socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setTcpNoDelay(true);
      return new Connection(
          socket,
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII)));
    }

    @Nullable String ask() throws IOException {
      socket.getOutputStream().write('\n');
      return in.readLine();
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Set<JobKind> kinds() {
    return EnumSet.allOf(JobKind.class);
  }

  @Override
  public ProviderResult call(ProviderCall call) {
    try {
      Connection connection = idle.poll();
      if (connection == null) {
        connection = Connection.open(port);
      }
      String answer = connection.ask();
      if (answer == null) {
        connection.socket().close();
        return failed(new Failure.Retryable("the connection was closed"));
      }
      idle.push(connection);
      return result(answer.split(" ", -1));
    } catch (IOException e) {
      return failed(new Failure.Retryable(e.toString()));
    }
  }

  private static ProviderResult result(String[] answer) {
    if (answer[0].equals("no")) {
      return failed(
          new Failure.Throttled("too many", Duration.ofMillis(Long.parseLong(answer[1]))));
    }
    return new ProviderResult.Answered(
        new JobOutput.Text("done"),
        new CallReport(null, null, new Usage(Long.parseLong(answer[1]), 0, 0), null, null));
  }

  private static ProviderResult failed(Failure failure) {
    return new ProviderResult.Failed(failure);
  }
}
