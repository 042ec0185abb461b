Feature: The storage has no room
  What the storage could not store is not said to be stored, and what it stores later is.

  Background:
    Given the stack "codabench"

  @C5
  Scenario: there is no room for the output at first
    Given the disk of "storage" is full before "upload output" is sent until "upload output" is answered, once for each submission
    When "submit" runs 8 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds

  @C6
  Scenario: there is no room for the prediction at first
    Given the disk of "storage" is full before "upload prediction" is sent until "upload prediction" is answered, once for each submission
    When "submit" runs 8 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds

  Scenario: there is no room until it is made
    Given the disk of "storage" is full
    When "submit" runs 4 times with 4 clients
    And every submission is final within 60s
    And all faults are healed
    And "submit" runs 4 times with 4 clients
    And every submission is final within 60s
    Then "output before status" holds
    And "failed implies a reason" holds
    And "the page tells the truth" holds
    And at least 4 submission reach "Finished"
