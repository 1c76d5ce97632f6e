package org.tallyring.systemtests.chaos;

/**
 * An increment as the driver's journal has it.
 *
 * @param id its number in the run, from 1
 * @param metric the metric
 * @param key the key
 * @param delta how much, positive
 * @param timeMillis the event time
 */
record Sent(long id, String metric, String key, long delta, long timeMillis) {}
