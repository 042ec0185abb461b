Feature: A job that is delivered again is finished once
  A worker may die at any moment. Its jobs come back, and nothing happens twice.

  Background:
    Given the stack "codabench"

  @C11
  Scenario: the worker dies between storing the scores and saying so
    Given the service "worker" is killed after "upload scores" is answered, once
    When "submit" runs 10 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds

  @C11
  Scenario: the worker dies between storing the output and saying Finished
    Given the service "worker" is killed after "upload output" is answered, once
    When "submit" runs 10 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds

  @C11
  Scenario: a finished job comes back because its acknowledgement was lost
    Given the call "acknowledge" is refused the first time for each submission
    When "submit" runs 10 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds
