Feature: What waits is neither lost, nor doubled, nor given up
  Jobs wait for the runner, executions for a slot, and some for the router.

  Background:
    Given the stack "beacon"

  @R9
  Scenario: the router takes its time with what it has queued
    Given the operation "inference" stalls the first 4 times for each execution
    When "submit to the queue" runs 3 times
    And every job is final within 60s
    Then every invariant holds

  @R13
  Scenario: the envelope of a job is delivered twice
    Given the call "enqueue" is delivered twice
    When "submit" runs 4 times with 2 clients
    And every job is final within 60s
    Then every invariant holds

  @R13
  Scenario: the runner takes jobs, and the portal never hears so
    Given the answer to "enqueue" is lost the first 2 times
    When "submit" runs 4 times with 2 clients
    And every job is final within 60s
    Then every invariant holds

  @R15 @R17
  Scenario: executions wait longer for a slot than they may take
    Given the call "execute us" takes 400ms longer
    When "submit with little patience" runs 8 times with 8 clients
    And every job is final within 60s
    Then every invariant holds
    And at least 8 job reach "completed"
