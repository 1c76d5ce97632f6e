package org.tallyring.aggregator.web;

import com.linecorp.armeria.common.FlagsProvider;

/**
 * Settings of Armeria that exist only for the whole process. Found through {@code
 * META-INF/services}.
 */
public final class PathFlags implements FlagsProvider {

  /** Made by Armeria. */
  public PathFlags() {}

  /** Above Armeria's own defaults, below what an operator sets on the command line. */
  @Override
  public int priority() {
    return 100;
  }

  /**
   * By default everything from a semicolon to the next slash is dropped from a path before anybody
   * sees it, and the count of {@code a} would be given out as the one of {@code a;b}.
   */
  @Override
  public Boolean allowSemicolonInPathComponent() {
    return true;
  }
}
