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
