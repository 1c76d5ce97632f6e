/**
 * How answers are written: tables for people, tab-separated lines for scripts, JSON for programs.
 */
@NullMarked
package org.tallyring.cli.output;

import org.jspecify.annotations.NullMarked;
