Feature: A status is told, and a final one is final
  What was scored ends in Finished. What cannot be scored ends in Failed, with a reason, and was never Finished.

  Background:
    Given the stack "codabench"

  @C7
  Scenario: the site does not take the status after the scores
    Given the call "update status" answers 503 after "upload scores" is answered, the first time for each submission
    When "submit" runs 10 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds

  @C7
  Scenario: every status is set, but the worker never hears so
    Given the answer to "update status" is lost the first time for each submission
    When "submit" runs 10 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds

  @C8
  Scenario: some programs write no scores
    When "submit without scores" runs 10 times with 4 clients
    And "submit" runs 10 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds

  @C8
  Scenario: some programs write scores that cannot be read
    When "submit invalid scores" runs 10 times with 4 clients
    And "submit" runs 10 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds

  @C9 @C19
  Scenario: some programs end with an error
    When "submit a failing program" runs 10 times with 4 clients
    And "submit" runs 10 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds
