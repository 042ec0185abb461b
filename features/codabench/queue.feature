Feature: What was accepted gets to a worker
  The queue may be down, lose what is in it, or drop its connections. Whatever was accepted is queued in the end, or Failed.

  Background:
    Given the stack "codabench"

  @C12
  Scenario: the queue dies with all that is in it
    Given the service "queue" is killed when submission reaches "Running", once
    When "submit" runs 10 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds

  @C12
  Scenario: the network between the worker and the queue stands still
    Given the link "worker -> queue" is cut for 2s after "create submission" is answered, once
    When "submit" runs 10 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds

  @C13
  Scenario: there is no queue while people submit
    Given the service "queue" is stopped
    When "submit" runs 8 times at 16 per second
    And all faults are healed
    And every submission is final within 60s
    Then every invariant holds
    And "what is handed in is queued" holds
    And at least 8 submission reach "Finished"

  @C13
  Scenario: there is no queue at all
    Given the service "queue" is stopped
    When "submit with little patience" runs 4 times
    And every submission is final within 60s
    Then every invariant holds
    And "what fails costs no quota" holds
    And at least 4 submission reach "Failed"

  @C21
  Scenario: the network between the site and the queue is slow
    Given the link "site -> queue" is slow by 200ms
    When "submit to all tasks" runs 2 times
    And every parent is final within 60s
    Then every invariant holds
    And at least 6 submission reach "Finished"
