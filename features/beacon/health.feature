Feature: A provider that answers is used, and one that does not is not
  For ninety minutes there was no healthy provider, though all of them were well.

  Background:
    Given the stack "beacon"

  @R5
  Scenario: no provider is well
    Given the call "look at us" answers 503 the first 30 times
    And the call "look at eu" answers 503 the first 30 times
    And the call "look at asia" answers 503 the first 30 times
    When "submit" runs once
    And every job is final within 60s
    Then every invariant holds

  @R6
  Scenario: providers take their time to say that they are well
    Given the call "look at us" takes 200ms longer
    When "submit" runs 2 times
    And every job is final within 60s
    Then every invariant holds

  @R7
  Scenario: the router has just started
    Given the service "router" is restarted after "submit" is answered, once
    When "submit" runs 2 times
    And every job is final within 60s
    Then every invariant holds
