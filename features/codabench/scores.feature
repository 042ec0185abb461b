Feature: Finished implies scores
  A submission that is shown as Finished has scores, each of them once, whatever happens to their upload.

  Background:
    Given the stack "codabench"

  @C1
  Scenario: the score upload is refused twice
    Given the call "upload scores" answers 503 the first 2 times for each submission
    When "submit" runs 10 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds

  @C2
  Scenario: the score upload hangs once
    Given the call "upload scores" hangs the first time for each submission
    When "submit" runs 4 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds

  @C3
  Scenario: the connection breaks before the scores are taken
    Given the call "upload scores" is refused the first 2 times for each submission
    When "submit" runs 10 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds

  @C4
  Scenario: the scores are stored, but the worker never hears so
    Given the answer to "upload scores" is lost the first time for each submission
    When "submit" runs 10 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds
