Feature: Registered implies ready
  A scorer is registered once it can score, and not before: not when it is alive, not when it has begun to warm up. What
  it needs for that may fail; when it is back, so is the scorer.

  Background:
    Given the stack "scorer"

  @W1 @W2 @W3
  Scenario: the scorer starts again in the middle of its work
    Given the service "scorer" is restarted after "register" is answered, once
    When "score" runs 10 times with 4 clients
    And every score is final within 60s
    Then every invariant holds

  @W5
  Scenario: the baseline cannot be computed at first
    Given the call "compute baseline" answers 503 the first 2 times
    When "reload" runs once
    And "score" runs 4 times with 4 clients
    And every score is final within 60s
    Then every invariant holds

  @W5
  Scenario: the model hangs while the scorer warms up
    Given the call "load weights" hangs once
    When "reload" runs once
    And "score" runs 4 times with 4 clients
    And every score is final within 60s
    Then every invariant holds

  @W4
  Scenario: the baseline is infinite at first
    Given the answer to "compute baseline" has "loss" set to "Infinity" the first 2 times
    When "reload" runs once
    And "score" runs 10 times at 10 per second
    And every score is final within 60s
    Then every invariant holds
