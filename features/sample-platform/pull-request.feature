Feature: Every commit that is queued gets a result
  Whatever becomes of its pull request, and however often the forge says so.

  Background:
    Given the stack "sample-platform"

  @S10
  Scenario: pull requests are updated while their tests are queued
    Given the answer to "look at pull request" has "head.sha" set to "def456" the first 4 times
    When "push a commit" runs 4 times with 4 clients
    And every test is final within 30s
    Then every invariant holds
    And at least 4 test reach "completed"

  @S12
  Scenario: the forge sends a hook again when the test has ended
    When "push the same commit" runs once
    And every commit is final within 30s
    And "push the same commit" runs once
    And "push a commit" runs 2 times
    And every commit is final within 30s
    Then every invariant holds

  @S12
  Scenario: the forge sends every hook twice
    Given the call "web hook" is delivered twice
    When "push a commit" runs 4 times with 4 clients
    And every commit is final within 30s
    Then every invariant holds

  @S14
  Scenario: the forge does not take the word that a test is queued
    Given the call "announce" hangs the first time for each commit
    When "push a commit" runs 4 times with 4 clients
    And every commit is final within 30s
    Then every invariant holds

  @S17
  Scenario: one test can never be run
    When "push to a pull request that is not there" runs once
    And "push a commit" runs 4 times with 4 clients
    And every test is final within 30s
    Then every invariant holds
    And at least 4 test reach "completed"
