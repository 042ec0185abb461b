Feature: Provider, database and page tell the same of an execution
  An execution that its provider finished was shown as failed. Whatever an answer looks like: it is what it says.

  Background:
    Given the stack "beacon"

  @R1
  Scenario: some answers are empty
    Given the answer to "execute us" has "response" set to "" the first 2 times
    And the answer to "execute eu" has "output" set to " " the 2nd time
    When "submit" runs 4 times with 2 clients
    And every job is final within 60s
    Then every invariant holds
    And at least 4 job reach "completed"

  @R2
  Scenario: a provider says success and error at once
    When "submit to a model without memory" runs 2 times
    And "submit" runs 2 times
    And every job is final within 60s
    Then every invariant holds
    And at least 2 job reach "failed"
    And at least 2 job reach "completed"

  @R14
  Scenario: each question has an answer of its own
    When "submit many questions" runs 2 times
    And every job is final within 60s
    Then every invariant holds
