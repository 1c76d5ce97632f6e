/** Calls to a running cluster, and what their errors mean to a person at a terminal. */
@NullMarked
package org.tallyring.cli.server;

import org.jspecify.annotations.NullMarked;
