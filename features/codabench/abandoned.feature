Feature: What nobody works on any more ends
  Whatever a submission was in the middle of when it was left alone: it is Failed, with a reason.

  Background:
    Given the stack "codabench"

  @C23
  Scenario: the worker freezes while it prepares a submission
    Given the service "worker" is paused when submission reaches "Preparing", once
    When "submit with little patience" runs once
    And every submission is final within 60s
    Then every invariant holds

  @C23
  Scenario: the worker freezes before it scores a submission
    Given the service "worker" is paused when submission reaches "Scoring", once
    When "submit with little patience" runs once
    And every submission is final within 60s
    Then every invariant holds

  @C23
  Scenario: the worker freezes while a program runs
    Given the service "worker" is paused when submission reaches "Running", once
    When "submit with little patience" runs once
    And every submission is final within 60s
    Then every invariant holds

  @C23
  Scenario: there is no worker
    Given the service "worker" is stopped
    When "submit with little patience" runs 4 times
    And every submission is final within 60s
    Then every invariant holds
