/** An HTTP client that costs little, for loading a server that shares the machine. */
@NullMarked
package dev.penstock.bench.load;

import org.jspecify.annotations.NullMarked;
