/** JVMs of their own, for whatever must run as a process: benches and chaos tests. */
@NullMarked
package dev.penstock.process;

import org.jspecify.annotations.NullMarked;
