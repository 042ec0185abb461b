Feature: A score is made with the version that was asked for
  Scorers of several versions may be there. Who has another one says so, and does not score.

  Background:
    Given the stack "scorer"

  @W8
  Scenario: one scorer has another version than the other
    When "reload version 2" runs once
    And "score" runs 10 times with 4 clients
    And "score with version 2" runs 10 times with 4 clients
    And every score is final within 60s
    Then every invariant holds
    And at least 20 score reach "scored"

  @W8
  Scenario: nobody has the version
    When "score with version 2 in a hurry" runs 4 times with 4 clients
    And "score" runs 4 times with 4 clients
    And every score is final within 60s
    Then every invariant holds
    And at least 4 score reach "failed"
    And at least 4 score reach "scored"
