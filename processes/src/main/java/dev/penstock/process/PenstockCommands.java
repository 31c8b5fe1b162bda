package dev.penstock.process;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The processes of Penstock as commands. The main classes of services are named, not called: they
 * belong to other modules.
 */
public final class PenstockCommands {
  /** On which all of them listen. */
  public static final String HOST = "127.0.0.1";

  /** It remembers 100,000 calls. */
  private static final int FAKE_HEAP_MB = 256;

  private PenstockCommands() {}

  /** A broker that keeps its data under {@code data}. */
  public static ChildJvm.Command broker(Path data, int port, int heapMb) {
    return new ChildJvm.Command(
        "broker",
        BrokerMain.class.getName(),
        List.of(heap(heapMb), "-DPENSTOCK_LOG_LEVEL=WARN"),
        List.of(data.toString(), String.valueOf(port)));
  }

  /**
   * A service.
   *
   * @param kind {@code api}, {@code worker} or {@code streams}
   * @param name for messages and the log file
   * @param port where it serves {@code /readyz} and whatever else it has
   * @param settings by key; without the port
   */
  public static ChildJvm.Command service(
      String kind, String name, int port, int heapMb, Map<String, String> settings) {
    var all = new TreeMap<>(settings);
    all.put(kind + ".port", String.valueOf(port));
    var arguments = new ArrayList<String>();
    all.forEach((key, value) -> {
      arguments.add("--set");
      arguments.add(key + "=" + value);
    });
    return new ChildJvm.Command(
        name, "dev.penstock." + kind + ".Main", List.of(heap(heapMb)), arguments);
  }

  /** A fake provider with further options of its command. */
  public static ChildJvm.Command fakeProvider(String name, int port, List<String> options) {
    var arguments = new ArrayList<>(List.of("--port", String.valueOf(port)));
    arguments.addAll(options);
    return new ChildJvm.Command(
        name, "dev.penstock.fake.Main", List.of(heap(FAKE_HEAP_MB)), arguments);
  }

  private static String heap(int megabytes) {
    return "-Xmx" + megabytes + "m";
  }
}
