package dev.penstock.fake;

import org.jspecify.annotations.Nullable;

/**
 * An error as a provider tells it.
 *
 * @param status the HTTP status
 * @param type the provider's type of error
 * @param code the provider's code, or null
 * @param param the parameter that is wrong, or null
 * @param message for people
 */
record ApiError(
    int status, String type, @Nullable String code, @Nullable String param, String message) {
  ApiError withCode(@Nullable String other) {
    return other == null ? this : new ApiError(status, type, other, param, message);
  }
}
