/** REST, metrics, health and the documentation page. */
@NullMarked
package org.tallyring.aggregator.web;

import org.jspecify.annotations.NullMarked;
