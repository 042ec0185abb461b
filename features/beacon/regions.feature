Feature: Each region is asked, and shown for what it is
  A region is served by its own provider or not at all, and its job says so.

  Background:
    Given the stack "beacon"

  @R18
  Scenario: regions are asked for by all of their names
    When "submit by other names" runs 2 times
    And "submit" runs once
    And every job is final within 60s
    Then every invariant holds

  @R4
  Scenario: the provider of a region is not well
    Given the call "look at eu" answers 503
    When "submit" runs 4 times at 4 per second
    And every job is final within 60s
    Then every invariant holds
    And at least 4 job reach "completed"

  @R4
  Scenario: the provider of a region is gone
    Given the service "provider-eu" is stopped
    When "submit" runs 2 times
    And every job is final within 60s
    Then "served where it was asked for" holds
    And "provider, database and page agree" holds
    And "what is missing is said" holds
    And "a job ends" holds

  @R10
  Scenario: a region is slower than the others
    Given the call "execute asia" takes 600ms longer the first 2 times
    When "submit" runs 2 times
    And every job is final within 60s
    Then every invariant holds

  @R11 @R12
  Scenario: a region fails
    Given the call "execute asia" answers 400 the first 2 times
    When "submit" runs 3 times
    And every job is final within 60s
    Then every invariant holds
    And at least 3 job reach "completed"
