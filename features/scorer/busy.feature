Feature: Busy implies progress
  A scorer scores one thing at a time. Whatever becomes of a run, the scorer is free again, and not before it has ended.

  Background:
    Given the stack "scorer"

  @W7
  Scenario: a run fails
    Given the call "evaluate" answers 503 the first 2 times
    When "score" runs 10 times with 4 clients
    And every score is final within 60s
    Then every invariant holds

  @W7
  Scenario: a run gets no answer
    Given the call "evaluate" hangs once
    When "score" runs 15 times at 5 per second
    And every score is final within 60s
    Then every invariant holds

  @W7
  Scenario: the aggregator never hears of a score
    Given the answer to "score" is lost the first 2 times
    When "score" runs 10 times with 4 clients
    And every score is final within 60s
    Then every invariant holds
