/** The configuration files of the server roles: which keys there are, their defaults and rules. */
@NullMarked
package org.tallyring.cli.config;

import org.jspecify.annotations.NullMarked;
