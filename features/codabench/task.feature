Feature: One bad download does not poison the next job
  A task's bundle is downloaded once and kept. What is kept is whole.

  Background:
    Given the stack "codabench"

  @C20
  Scenario: the download of the task breaks off
    Given the answer to "download task" is cut after 16 bytes once
    When "submit" runs 10 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds

  @C20
  Scenario: what is downloaded is only half of the task
    Given the answer to "download task" is malformed once
    When "submit" runs 10 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds
