Feature: What the worker hears is not what the site did
  The site and the storage do their work; what the worker hears of it comes late, twice, spoilt or never.

  Background:
    Given the stack "codabench"

  @C2 @C4
  Scenario: the scores are stored, and the worker waits in vain for an answer
    Given the answer to "upload scores" never arrives the first time for each submission
    When "submit" runs 4 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds

  @C4
  Scenario: every score upload is delivered twice
    Given the call "upload scores" is delivered twice
    When "submit" runs 10 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds

  @C11
  Scenario: every status is delivered twice, and the uploads come late
    Given the call "update status" is delivered twice
    And the call "upload output" takes 50ms longer
    When "submit" runs 10 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds

  Scenario: what the site answers to a status cannot be read, is cut, or says something else
    Given the answer to "update status" is malformed the first time for each submission
    And the answer to "update status" is cut after 5 bytes the 2nd time for each submission
    And the answer to "update status" has "status" set to "Cancelled" the 3rd time for each submission
    When "submit" runs 10 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds

  Scenario: the worker is told that a submission has ended
    Given the call "update status" answers 409 with the 2nd time for each submission
      """
      {"status": "Cancelled"}
      """
    When "submit with little patience" runs 4 times with 4 clients
    And every submission is final within 60s
    Then "a cancelled submission is not scored" holds
