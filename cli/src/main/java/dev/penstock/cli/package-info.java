/**
 * The command line, and what it is made of: a client of the HTTP API, a watcher of many jobs, and
 * progress on a terminal.
 */
@NullMarked
package dev.penstock.cli;

import org.jspecify.annotations.NullMarked;
