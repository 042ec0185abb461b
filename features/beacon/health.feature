Feature: A provider that answers is used, and one that does not is not
  For ninety minutes there was no healthy provider, though all of them were well.

  Background:
    Given the stack "beacon"

  @R5
  Scenario: no provider is well for a while
    # The router was ready before, and has been seen to be.
    When "submit" runs once
    And every job is final within 60s
    Given the call "look at us" answers 503
    And the call "look at eu" answers 503
    And the call "look at asia" answers 503
    When "submit" runs 8 times at 2 per second
    And every job is final within 60s
    And all faults are healed
    And "submit" runs once
    And every job is final within 60s
    Then every invariant holds
    And at least 1 job reach "failed"

  @R6
  Scenario: a provider is far away, and takes its time to say that it is well
    Given the link "router -> provider-us" is slow by 100ms
    When "submit" runs 8 times at 2 per second
    And every job is final within 60s
    Then every invariant holds
    And at least 8 job reach "completed"

  @R7
  Scenario: the router has just started
    Given the service "router" is restarted after "submit" is answered, once
    When "submit" runs 2 times
    And every job is final within 60s
    Then every invariant holds
