Feature: A parent tells what became of its children
  A submission to several tasks has a child for each. It is Finished when all of them are, and Failed when one is not.

  Background:
    Given the stack "codabench"

  @C16
  Scenario: all children fail
    When "submit a failing program to all tasks" runs 2 times
    And "submit to all tasks" runs 2 times
    And every parent is final within 60s
    Then every invariant holds
    And at least 2 parent reach "Failed"
    And at least 2 parent reach "Finished"

  @C16
  Scenario: one of the children fails
    When "submit a program that fails at one of the tasks" runs 2 times
    And every parent is final within 60s
    Then every invariant holds
    And at least 2 parent reach "Failed"
    And at least 4 submission reach "Finished"

  @C17
  Scenario: the tasks overlap, and the first one ends last
    When "submit a program that is slow at the first task" runs 2 times
    And every parent is final within 60s
    Then every invariant holds
    And "Finished has a complete row on the leaderboard" holds
    And at least 2 parent reach "Finished"

  @C18
  Scenario: there is no queue while people submit to all tasks
    Given the service "queue" is stopped
    When "submit to all tasks" runs 2 times
    And all faults are healed
    And every parent is final within 60s
    Then every invariant holds
    And "a parent has its children" holds
    And at least 2 parent reach "Finished"
