/** What people and dashboards are told of all jobs together: series, overview, failures, news. */
@NullMarked
package dev.penstock.streams.report;

import org.jspecify.annotations.NullMarked;
