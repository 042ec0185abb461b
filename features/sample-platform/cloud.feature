Feature: A machine that does not come is no reason to stand still
  The cloud may take its time, have no room, or lose what it was asked. Each test gets one machine, or ends and says why.

  Background:
    Given the stack "sample-platform"

  @S1
  Scenario: the making of one machine never ends
    Given the operation "create vm" stalls for one test
    When "push a commit" runs 4 times with 4 clients
    And every test is final within 30s
    Then every invariant holds

  @S2
  Scenario: the making of a machine takes too long, and the machine reports late
    Given the operation "create vm" stalls for one test
    And the call "report progress" takes 2s longer the first time for each test
    When "push a commit" runs 4 times with 4 clients
    And every test is final within 30s
    Then every invariant holds
    And at least 4 test reach "completed"

  @S8 @S9
  Scenario: there is no capacity at first
    Given the operation "create vm" fails with QUOTA_EXCEEDED the first time for each test
    When "push a commit" runs 4 times with 4 clients
    And every test is final within 30s
    Then every invariant holds
    And at least 4 test reach "completed"

  @S9
  Scenario: there is no capacity at all for one test
    Given the operation "create vm" fails with QUOTA_EXCEEDED for one test
    When "push a commit" runs 4 times with 4 clients
    And every test is final within 30s
    Then every invariant holds
    And at least 3 test reach "completed"

  @S15
  Scenario: machines are not deleted at first
    Given the call "delete vm" answers 503 the first 2 times for each test
    When "push a commit" runs 4 times with 4 clients
    And every test is final within 30s
    And every vm is final within 30s
    Then every invariant holds
