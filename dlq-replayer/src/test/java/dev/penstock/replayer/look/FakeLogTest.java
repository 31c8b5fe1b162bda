package dev.penstock.replayer.look;

import java.util.ArrayList;
import org.junit.jupiter.api.Test;

final class FakeLogTest {
  @Test
  void isALogOfDeadLetters() throws Exception {
    var log = new FakeLog(2);
    var all = new ArrayList<LetterId>();
    for (int i = 0; i < 10; i++) {
      var id = new LetterId(i % 2, 3L * i);
      log.add(SomeLetters.poison(id.partition(), id.offset(), "{"));
      all.add(id);
    }
    LetterLogContract.check(log, all);
  }
}
