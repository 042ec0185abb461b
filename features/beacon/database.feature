Feature: An answer that was heard is written down
  What a provider has finished leaves a row, whatever the database makes of the first tries.

  Background:
    Given the stack "beacon"

  @R21
  Scenario: the database does not take results at first
    Given the statement matching "update executions set status = $1" fails with 40001 the first 4 times
    When "submit" runs 2 times
    And every job is final within 60s
    Then every invariant holds
    And at least 2 job reach "completed"

  @R21
  Scenario: results are written, but the runner never hears so
    Given the commit of "update executions set status = $1" is lost the first 2 times
    When "submit" runs 2 times
    And every job is final within 60s
    Then every invariant holds
    And at least 2 job reach "completed"
