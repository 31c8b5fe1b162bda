package dev.penstock.replay;

import dev.penstock.job.JsonObject;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Who did what with dead letters, and when. Each entry names the hash of the one before it, so none
 * can be changed or left out without a trace.
 *
 * @param sequence counts the entries, from 1
 * @param did what it was: {@code confirm}, {@code abort}
 * @param plan with which plan, or null where it was with none
 * @param detail what more there is to say: selection, difference, result; or null
 * @param previousHash the hash of the entry before, or 64 zeros of the first one
 * @param hash SHA-256, in hexadecimal, of the record with an empty {@code hash}
 */
public record AuditEntry(
    long sequence,
    Instant at,
    String who,
    String did,
    @Nullable PlanId plan,
    @Nullable JsonObject detail,
    String previousHash,
    String hash) {}
