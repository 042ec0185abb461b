Feature: One scheduler, two, or none for a while
  A test has one machine, whoever makes it, and whoever dies over it.

  Background:
    Given the stack "sample-platform"

  @S6
  Scenario: two schedulers look at the same queue
    Given a second "scheduler" starts
    When "push a commit" runs 8 times with 4 clients
    And every commit is final within 30s
    Then every invariant holds
    And at least 8 test reach "completed"

  @S7
  Scenario: the scheduler dies when the cloud has taken its request
    Given the service "scheduler" is killed after "create vm" is answered, once
    And the call "report progress" takes 3s longer the first time for each test
    When "push a commit" runs 2 times with 2 clients
    And every commit is final within 30s
    Then every invariant holds
    And at least 2 test reach "completed"

  @S6 @S7
  Scenario: the request for a machine arrives after it was given up
    Given the call "create vm" takes 2s longer once
    When "push a commit" runs 4 times with 4 clients
    And every commit is final within 30s
    Then every invariant holds
    And at least 4 test reach "completed"
