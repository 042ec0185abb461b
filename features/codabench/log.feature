Feature: The log channel never changes the outcome
  What a program said is sent to the storage for people to read. Nobody's submission waits for it, and none falls with it.

  Background:
    Given the stack "codabench"

  @C15
  Scenario: the log channel is slow
    Given the call "send log" hangs
    When "submit" runs 6 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds

  @C15
  Scenario: the log channel is down
    Given the call "send log" is refused
    When "submit" runs 6 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds
