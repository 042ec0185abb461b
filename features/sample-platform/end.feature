Feature: An end is told once, and to all
  A test that has ended stays so; the forge hears of it, and the machine goes.

  Background:
    Given the stack "sample-platform"

  @S11
  Scenario: the machine does not hear that its results were taken
    Given the answer to "report progress" is lost the 3rd time for each test
    When "push a commit" runs 4 times with 4 clients
    And every commit is final within 30s
    Then every invariant holds
    And at least 4 test reach "completed"

  @S11
  Scenario: every report comes twice
    Given the call "report progress" is delivered twice
    When "push a commit" runs 4 times with 4 clients
    And every commit is final within 30s
    Then every invariant holds

  @S13
  Scenario: the forge does not take the status at first
    Given the call "post status" answers 502 the first 2 times for each commit
    When "push a commit" runs 4 times with 4 clients
    And every commit is final within 30s
    Then every invariant holds

  @S13
  Scenario: the forge takes the status and does not say so
    Given the answer to "post status" never arrives the first time for each commit
    When "push a commit" runs 4 times with 4 clients
    And every commit is final within 30s
    Then every invariant holds

  @S16
  Scenario: the scheduler dies when a test has ended
    Given the service "scheduler" is killed before "delete vm" is sent, once
    When "push a commit" runs 4 times with 4 clients
    And every commit is final within 30s
    And every vm is final within 30s
    Then every invariant holds
