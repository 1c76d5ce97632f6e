/** A believable shop's traffic, to see a cluster at work. */
@NullMarked
package org.tallyring.standalone.demo;

import org.jspecify.annotations.NullMarked;
