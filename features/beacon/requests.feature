Feature: A request is executed once, however its answer comes back
  What the router hears late, twice or never was executed all the same.

  Background:
    Given the stack "beacon"

  @R3
  Scenario: the answer of a provider is lost
    Given the answer to "execute us" is lost the first 2 times
    And the answer to "execute asia" is malformed once
    When "submit" runs 4 times with 2 clients
    And every job is final within 60s
    Then every invariant holds
    And at least 4 job reach "completed"

  @R8
  Scenario: a provider that takes long leads to where its answer will be
    When "submit to a long model" runs 2 times
    And every job is final within 60s
    Then every invariant holds
    And at least 2 job reach "completed"

  @R16
  Scenario: a provider takes longer than usual
    Given the call "execute eu" takes 400ms longer the first 2 times
    When "submit" runs 3 times with 3 clients
    And every job is final within 60s
    Then every invariant holds
    And at least 3 job reach "completed"

  @R16
  Scenario: the router's answers never arrive
    Given the answer to "infer" never arrives the first 2 times
    When "submit" runs 2 times
    And every job is final within 60s
    Then every invariant holds
    And at least 2 job reach "completed"
