/** What can go wrong with a request, as RFC 9457 problems with stable codes. */
@NullMarked
package dev.penstock.submission.problem;

import org.jspecify.annotations.NullMarked;
