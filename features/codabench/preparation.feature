Feature: What cannot be prepared is Failed, with a reason
  An image that cannot be pulled and a disk that is full are no reason to be silent: people see what was in the way.

  Background:
    Given the stack "codabench"

  @C14
  Scenario: the image cannot be pulled at first
    Given the call "pull image" answers 500 the first 2 times
    When "submit" runs 10 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds

  @C14
  Scenario: the image cannot be pulled at all
    Given the call "pull image" answers 404
    When "submit" runs 4 times with 4 clients
    And every submission is final within 60s
    Then "a job is kept until its end" holds
    And "preparing is bounded in time" holds
    And "failed implies a reason" holds
    And "the page gives a reason" holds
    And at least 4 submission reach "Failed"

  @C14
  Scenario: the disk of the worker is full until room is made
    Given the disk of "worker" is full
    When "submit" runs 4 times with 4 clients
    And every submission is final within 60s
    And all faults are healed
    And "submit" runs 4 times with 4 clients
    And every submission is final within 60s
    Then "a job is kept until its end" holds
    And "preparing is bounded in time" holds
    And "failed implies a reason" holds
    And at least 4 submission reach "Failed"
    And at least 4 submission reach "Finished"
