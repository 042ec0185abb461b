Feature: A runner that dies is no end
  Whatever it was in the middle of: the next one finds out what became of it.

  Background:
    Given the stack "beacon"

  @R19
  Scenario: the runner dies between an answer and its row
    Given the service "runner" is killed after "infer" is answered, once
    When "submit" runs 3 times with 3 clients
    And every job is final within 60s
    Then every invariant holds
    And at least 3 job reach "completed"

  @R19
  Scenario: the runner dies before it has heard of a job
    Given the service "runner" is killed before "enqueue" is sent, once
    When "submit" runs 3 times
    And every job is final within 60s
    Then every invariant holds
