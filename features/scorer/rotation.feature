Feature: What is registered stays ready, or is withdrawn
  A scorer that cannot score any more is not in the pool for long, and what was to be scored is scored by another one.

  Background:
    Given the stack "scorer"

  @W6
  Scenario: a reload takes long, because the baseline cannot be computed
    Given the call "compute baseline" answers 503 the first 4 times
    When "reload version 2" runs once
    And "score" runs 10 times at 10 per second
    And every score is final within 60s
    Then every invariant holds

  @W6
  Scenario: the scorer is gone, and says nothing
    Given the service "scorer" is stopped after "register" is answered, once
    When "score" runs 20 times at 5 per second
    And every score is final within 60s
    Then every invariant holds

  @W6
  Scenario: the scorer stands still
    Given the service "scorer" is paused after "register" is answered, once
    When "score" runs 20 times at 5 per second
    And every score is final within 60s
    Then every invariant holds

  @W6
  Scenario: the scorer dies while it scores
    Given the service "scorer" is killed before "evaluate" is sent, once
    When "score" runs 10 times with 4 clients
    And every score is final within 60s
    Then every invariant holds
