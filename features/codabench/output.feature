Feature: Finished implies an output
  A submission that is Finished has a complete output in the storage.

  Background:
    Given the stack "codabench"

  @C5
  Scenario: the storage does not accept the signature at first
    Given the call "upload output" answers 403 the first 2 times for each submission
    When "submit" runs 10 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds

  @C5
  Scenario: the storage is overloaded at first
    Given the call "upload output" answers 503 the first 2 times for each submission
    When "submit" runs 10 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds
