Feature: What the forge has not got yet, or not whole, is asked for again
  A test needs the artifact of its commit. That it comes late, or broken, or not at all, holds no other test up.

  Background:
    Given the stack "sample-platform"

  @S3
  Scenario: the artifact cannot be had at first
    Given the call "download artifact" answers 500 the first 2 times for each commit
    When "push a commit" runs 4 times with 4 clients
    And every test is final within 30s
    Then every invariant holds
    And at least 4 test reach "completed"

  @S3
  Scenario: the artifact of one commit never comes
    Given the call "download artifact" answers 404 for one commit
    When "push a commit" runs 4 times with 4 clients
    And every test is final within 30s
    Then every invariant holds
    And at least 3 test reach "completed"

  @S3
  Scenario: the forge does not answer at first
    Given the call "look at pull request" hangs once
    And the call "look at build" hangs the first time for each commit
    And the call "download artifact" hangs the first time for one commit
    When "push a commit" runs 4 times with 4 clients
    And every test is final within 30s
    Then every invariant holds
    And at least 4 test reach "completed"

  @S4
  Scenario: the tests are looked at before the build is over
    Given the call "look at build" answers 200 with the first 3 times for each commit
      """
      {"status": "in_progress", "conclusion": null}
      """
    When "push a commit" runs 4 times with 4 clients
    And every test is final within 30s
    Then every invariant holds
    And at least 4 test reach "completed"

  @S5
  Scenario: the artifact of one commit is broken
    Given the answer to "download artifact" is malformed for one commit
    When "push a commit" runs 4 times with 4 clients
    And every test is final within 30s
    Then every invariant holds
    And at least 3 test reach "completed"
