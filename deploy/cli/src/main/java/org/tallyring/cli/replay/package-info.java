/** Reading files of events and recording them. */
@NullMarked
package org.tallyring.cli.replay;

import org.jspecify.annotations.NullMarked;
