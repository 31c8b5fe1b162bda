package dev.penstock.replayer.select;

import dev.penstock.replay.Refusal;
import dev.penstock.replayer.look.LetterId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A dead letter that the selection is about, and what would become of it; without what its job
 * works on, so that many can be held.
 *
 * @param place in the order of the draw
 * @param refused why it would be left as it is, or null where it would not
 * @param detail more about that, or null
 * @param runsFor the model that its job would run for, or null where none would run
 */
record Drawn(
    long place,
    LetterId id,
    @Nullable Refusal refused,
    @Nullable String detail,
    String code,
    String provider,
    String model,
    String tenant,
    String kind,
    Instant failedAt,
    @Nullable String runsFor) {}
